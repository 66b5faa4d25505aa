import { sumUsage, type Usage, usageOf } from './usage.js'

/** What earlier runs used for one pipe, all of them together. */
export interface PipePast {
  /** Runs in which it asked or read something, and what it planned to ask in them. */
  readonly runs: number
  readonly asks: number
  /** Its own figures and its shares of those of the runs; fractions are kept. */
  readonly usage: Usage
}

/** What a run has to do for one pipe. */
export interface PipeWork {
  readonly pipe: string
  /** Requests that are planned; retries and further pages come on top. */
  readonly asks: number
  readonly creditsPerAsk: number
}

export interface UsageEstimate {
  readonly usage: Usage
  /** `history`: earlier runs tell of every pipe. `part`: of some. `defaults`: of none. */
  readonly basis: 'history' | 'part' | 'defaults'
}

/** The first run of a lake, as measured with one small pipe of rates and all models of gold, and an answer of some rates. */
export const DEFAULT_RUN = {
  ...{ wall_ms: 2000, cpu_ms: 1250, bytes_written: 200_000, bytes_read: 40_000 },
  ...{ store_puts: 75, store_lists: 165, store_gets: 150, store_heads: 55 },
} as const
export const DEFAULT_ANSWER_BYTES = 20_000

/**
 * What runs over the same pipes will use, together. Their requests are those that are planned, by as much more as earlier ones needed;
 * everything else of a pipe is, for each run, the mean of its earlier ones, however much each of them brought. A pipe without any is taken for the
 * mean of the others. `seconds`: at least so long, because the providers' rates take it. Pure.
 */
export function estimateUsage(
  work: readonly PipeWork[],
  past: ReadonlyMap<string, PipePast>,
  { seconds, runs }: { readonly seconds: number; readonly runs: number },
): UsageEstimate {
  const known = work.filter(({ pipe }) => past.has(pipe))
  const basis = known.length === work.length ? 'history' : known.length === 0 && past.size === 0 ? 'defaults' : 'part'
  const mean = meanOf([...past.values()])
  const parts = work.map(one => usageFor(one, past.get(one.pipe) ?? mean, runs))
  const fixed =
    past.size === 0 && work.length > 0 ? [usageOf(name => ((DEFAULT_RUN as Partial<Usage>)[name] ?? 0) * runs)] : []
  const sum = sumUsage([...parts, ...fixed])
  const wall_ms = Math.max(sum.wall_ms, seconds * 1000)
  const whole = usageOf(name => Math.round(name === 'wall_ms' ? wall_ms : sum[name]))
  return { usage: { ...whole, invocations: work.length === 0 ? 0 : runs }, basis }
}

function usageFor({ asks, creditsPerAsk }: PipeWork, past: PipePast | undefined, runs: number): Usage {
  const before = past?.usage
  const perAsk = past === undefined || past.asks === 0 ? 1 : Math.max(1, past.usage.provider_requests / past.asks)
  const requests = asks * perAsk
  const of = (figure: 'credits' | 'bytes_received', otherwise: number) =>
    before === undefined || before.provider_requests === 0 ? otherwise : before[figure] / before.provider_requests
  const own: Partial<Usage> = {
    provider_requests: requests,
    credits: requests * of('credits', creditsPerAsk),
    bytes_received: requests * of('bytes_received', DEFAULT_ANSWER_BYTES),
  }
  return usageOf(name => own[name] ?? (past === undefined ? 0 : (past.usage[name] / past.runs) * runs))
}

function meanOf(pasts: readonly PipePast[]): PipePast | undefined {
  if (pasts.length === 0) return undefined
  const sum = (pick: (past: PipePast) => number) => pasts.reduce((total, past) => total + pick(past), 0)
  return {
    runs: sum(({ runs }) => runs),
    asks: sum(({ asks }) => asks),
    usage: sumUsage(pasts.map(({ usage }) => usage)),
  }
}
