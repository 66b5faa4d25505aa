import { type Clock, isoTime } from '../../core/clock.js'
import type { Judgement } from '../../sources/answers/meaning.js'
import { reserveSlots } from '../../sources/http/gcra.js'
import { openQuotaLedger, rateOf } from '../../sources/http/quota-ledger.js'
import { bucketOfPipe, creditsUsed } from './demand.js'
import type { AskingPipe } from './requests.js'
import type { Sharing } from './source-states.js'

/** So long a person waits for one request. */
const LONGEST_WAIT_MS = 60_000

/** Waits until the provider may be asked once more, and books nothing; or says why it may not be asked now. */
export async function turnOf(from: AskingPipe, sharing: Sharing, clock: Clock): Promise<Judgement | undefined> {
  const { limits } = from.provider
  const bucket = bucketOfPipe(from)
  const book = await openQuotaLedger({ ...sharing, clock }).read()
  const nowMs = clock.now()
  if (limits.perMonth !== undefined && creditsUsed(book, bucket, nowMs) >= limits.perMonth)
    return { meaning: 'rate_limited', why: `the ${limits.perMonth} credits of this month are spent; nothing was asked` }
  const [slotMs] = reserveSlots(book[bucket]?.tatMs ?? 0, nowMs, 1, rateOf(limits), Number.POSITIVE_INFINITY).timesMs
  const delayMs = slotMs! - nowMs
  if (delayMs > LONGEST_WAIT_MS)
    return { meaning: 'rate_limited', why: `its next turn is at ${isoTime(slotMs!)}; nothing was asked` }
  if (delayMs > 0) await sharing.wait(delayMs)
  return undefined
}
