import { SluiceError } from '../../core/errors.js'
import type { Random } from '../../core/random.js'
import type { Wait } from '../../core/wait.js'
import { classOf, faultOf } from './s3-fault.js'

/** How often a request may be sent, and where waiting and chance come from. */
export interface Resending {
  readonly attempts: number
  readonly wait: Wait
  readonly random: Random
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000

/**
 * Sends a request that may take effect twice, again while its outcome is unsettled. Waits grow twofold, each of a random length below that, so that
 * many senders do not come back at once.
 */
export async function resending<T>(send: () => Promise<T>, { attempts, wait, random }: Resending): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send()
    } catch (cause) {
      // It is of this machine: the request did not fail.
      if (cause instanceof SluiceError) throw cause
      const kind = classOf(faultOf(cause))
      if (attempt >= attempts || (kind !== 'unsettled' && kind !== 'conflict')) throw cause
      await wait(random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1)))
    }
  }
}
