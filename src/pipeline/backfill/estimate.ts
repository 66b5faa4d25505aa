import { groupBy } from '../../core/group-by.js'
import { parseIntervalText } from '../../core/interval.js'
import type { QuotaBook } from '../../sources/http/quota-ledger.js'
import { sampleSize } from '../../sources/sample/sample.js'
import { bucketOfPipe, creditsOfCall, type Demand, keyOfPipe, secondsAtRate } from '../fetch/demand.js'
import type { RunRecord } from '../record/run-record.js'
import type { BackfillEstimate } from './backfill-record.js'
import { requestsFor } from './lanes.js'
import type { PastPipe } from './past-pipes.js'

/** As measured with two processors that had other work: made, landed and published, each hour a partition of its own. */
const SAMPLE_ROWS_A_SECOND = 4000
const DAY_MS = 86_400_000

/** What planned pipes want of each provider and key, without a request of it being made. */
export function demandsFor(pipes: readonly PastPipe[]): Demand[] {
  const asking = pipes.flatMap(pipe => (pipe.from === undefined ? [] : [{ from: pipe.from, pipe }]))
  return [...groupBy(asking, ({ from }) => bucketOfPipe(from))].map(([bucket, own]) => {
    const { provider } = own[0]!.from
    const calls = own.reduce((sum, { pipe }) => sum + requestsFor(pipe.missing, pipe), 0)
    const credits = calls * creditsOfCall(provider)
    return { bucket, provider, key: keyOfPipe(own[0]!.from), pipes: [], calls, credits }
  })
}

/** What a backfill will take; `records`: of earlier runs, which tell how much a pipe brings in a time. Pure. */
export function estimateOf(
  pipes: readonly PastPipe[],
  { demands, quota, records, nowMs }: EstimateInput,
): BackfillEstimate {
  const amounts = amountsIn(records)
  const expected = pipes.map(pipe => amountOf(pipe, amounts))
  const total = (pick: (amount: Amount) => number): number | null =>
    expected.some(amount => amount === undefined)
      ? null
      : Math.round(expected.reduce((sum, amount) => sum + (amount === undefined ? 0 : pick(amount)), 0))
  const samples = pipes.reduce((sum, { from }, at) => sum + (from === undefined ? (expected[at]?.rows ?? 0) : 0), 0)
  const seconds = demands.map(demand => secondsAtRate(demand, quota[demand.bucket]?.tatMs ?? 0, nowMs))
  return {
    requests: demands.reduce((sum, { calls }) => sum + calls, 0),
    credits: demands.reduce((sum, { credits }) => sum + credits, 0),
    bytes: total(({ bytes }) => bytes),
    rows: total(({ rows }) => rows),
    seconds: Math.max(0, ...seconds) + samples / SAMPLE_ROWS_A_SECOND,
  }
}

export interface EstimateInput {
  readonly demands: readonly Demand[]
  readonly quota: QuotaBook
  readonly records: readonly RunRecord[]
  readonly nowMs: number
}

interface Amount {
  readonly bytes: number
  readonly rows: number
}

interface Seen extends Amount {
  readonly ms: number
}

/** By pipe, and by source for pipes that never ran. */
function amountsIn(records: readonly RunRecord[]): ReadonlyMap<string, Seen> {
  const seen = new Map<string, Seen>()
  const add = (key: string, { bytes, rows, ms }: Seen): void => {
    const old = seen.get(key) ?? { bytes: 0, rows: 0, ms: 0 }
    seen.set(key, { bytes: old.bytes + bytes, rows: old.rows + rows, ms: old.ms + ms })
  }
  for (const { sources = [], pipes } of records) {
    const rowsOf = new Map(pipes.map(record => [record.pipe, record.in]))
    for (const { pipe, source, intervals, bytes, state } of sources) {
      const ms = intervals.reduce((sum, text) => sum + lengthMs(text), 0)
      if (ms === 0 || state !== 'answered') continue
      const amount = { bytes, rows: rowsOf.get(pipe) ?? 0, ms }
      add(`pipe ${pipe}`, amount)
      add(`source ${source}`, amount)
    }
  }
  return seen
}

function amountOf({ pipe, from, missing }: PastPipe, amounts: ReadonlyMap<string, Seen>): Amount | undefined {
  const ms = missing.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  if (ms === 0) return { bytes: 0, rows: 0 }
  if (from === undefined) return sampleSize(pipe.source === 'sample.bars' ? 'bars' : 'events', ms / DAY_MS)
  const seen = amounts.get(`pipe ${pipe.name}`) ?? amounts.get(`source ${pipe.source}`)
  return seen && { bytes: (seen.bytes / seen.ms) * ms, rows: (seen.rows / seen.ms) * ms }
}

function lengthMs(text: string): number {
  const { startMs, endMs } = parseIntervalText(text)
  return endMs - startMs
}
