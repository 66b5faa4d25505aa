/** What work used. Whole numbers, so that parts add up to the whole. */
export interface Usage {
  /** Runs, each an invocation of the function that would do it. */
  readonly invocations: number
  /** Requests to providers, failed ones included, and the credits that their answers took. */
  readonly provider_requests: number
  readonly credits: number
  /** Answers, as they came over the wire. */
  readonly bytes_received: number
  /** Into the lake and, through its store, out of it. */
  readonly bytes_written: number
  readonly bytes_read: number
  /** Requests to the store of the lake by the classes that S3 charges for: PUT, COPY, POST and LIST; GET and HEAD; DELETE. */
  readonly store_puts: number
  readonly store_lists: number
  readonly store_gets: number
  readonly store_heads: number
  readonly store_deletes: number
  readonly wall_ms: number
  readonly cpu_ms: number
}

export const USAGE_FIGURES = [
  'invocations',
  'provider_requests',
  'credits',
  'bytes_received',
  'bytes_written',
  'bytes_read',
  'store_puts',
  'store_lists',
  'store_gets',
  'store_heads',
  'store_deletes',
  'wall_ms',
  'cpu_ms',
] as const satisfies readonly (keyof Usage)[]

export function usageOf(figure: (name: keyof Usage) => number): Usage {
  return Object.fromEntries(USAGE_FIGURES.map(name => [name, figure(name)])) as unknown as Usage
}

export function sumUsage(parts: readonly Usage[]): Usage {
  return usageOf(name => parts.reduce((sum, part) => sum + part[name], 0))
}
