import type { PipeRecord, RunRecord, SourceRecord } from '../record/run-record.js'

/** The last that run records say of a pipe. */
export interface LastOfPipe {
  /** The newest run in which it asked something. */
  readonly asked?: { readonly run: RunRecord; readonly source: SourceRecord }
  /** The newest run that brought records of it. */
  readonly rows?: { readonly run: RunRecord; readonly pipe: PipeRecord }
}

/** By the names of pipes. `records`: the newest first. What backfills asked is about the past, and says nothing of how a pipe is. */
export function lastOfPipes(records: readonly RunRecord[]): Map<string, LastOfPipe> {
  const last = new Map<string, LastOfPipe>()
  for (const run of records.filter(({ backfill }) => backfill === undefined)) {
    for (const source of run.sources ?? []) {
      const known = last.get(source.pipe)
      const isAsked = source.state === 'answered' || source.state === 'failed' || source.state === 'not finished'
      if (isAsked && known?.asked === undefined) last.set(source.pipe, { ...known, asked: { run, source } })
    }
    for (const pipe of run.pipes) {
      const known = last.get(pipe.pipe)
      if (known?.rows === undefined) last.set(pipe.pipe, { ...known, rows: { run, pipe } })
    }
  }
  return last
}
