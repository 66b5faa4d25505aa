import type { RunRecord } from '../record/run-record.js'

/** Mean bytes of an answer as earlier runs tell, by pipe and by provider. */
export interface AnswerSizes {
  readonly pipes: ReadonlyMap<string, number>
  readonly providers: ReadonlyMap<string, number>
}

/** What the records of runs say of the size of answers, as they came over the wire. */
export function answerSizes(records: readonly RunRecord[]): AnswerSizes {
  const pipes = new Map<string, Sum>()
  const providers = new Map<string, Sum>()
  for (const { pipe, provider, requests, bytes } of records.flatMap(({ sources }) => sources ?? [])) {
    add(pipes, pipe, requests, bytes)
    add(providers, provider, requests, bytes)
  }
  return { pipes: means(pipes), providers: means(providers) }
}

/** Bytes of so many answers: as this pipe's were, else as those of its provider; null when there were none. */
export function estimatedBytes(
  { pipes, providers }: AnswerSizes,
  pipe: string,
  provider: string,
  calls: number,
): number | null {
  if (calls === 0) return 0
  const mean = pipes.get(pipe) ?? providers.get(provider)
  return mean === undefined ? null : Math.round(mean * calls)
}

interface Sum {
  readonly requests: number
  readonly bytes: number
}

function add(sums: Map<string, Sum>, key: string, requests: number, bytes: number): void {
  const old = sums.get(key) ?? { requests: 0, bytes: 0 }
  sums.set(key, { requests: old.requests + requests, bytes: old.bytes + bytes })
}

/** Requests without an answer have no size. */
function means(sums: ReadonlyMap<string, Sum>): Map<string, number> {
  const filled = [...sums].filter(([, { bytes }]) => bytes > 0)
  return new Map(filled.map(([key, { requests, bytes }]) => [key, bytes / requests]))
}
