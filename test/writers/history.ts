import { DAYS, SHARED, type WriterRun } from './writers-project.js'

/** A run that was started, on the clock of the process that started all of them, in milliseconds. */
export interface Write {
  readonly run: WriterRun
  readonly began: number
  readonly ended: number
  /** Whether it ended well: what it has written must be seen from then on. */
  readonly acknowledged: boolean
}

/** What one query over all rows of the table saw. */
export interface Read {
  readonly reader: number
  readonly began: number
  readonly ended: number
  readonly rows: readonly SeenRow[]
}

export interface SeenRow {
  readonly instrument_id: string
  readonly day: string
  readonly version: number
  readonly rows: number
}

/**
 * What contradicts one table that changes in whole commits, one after another, in sentences: a run seen by halves, a key seen twice, a
 * run that is not seen although it had ended well, or that is gone again, or seen before it began; a shared key with a lower version
 * than one that had been acknowledged.
 */
export function contradictions(writes: readonly Write[], reads: readonly Read[]): string[] {
  const faults: string[] = []
  const known = new Map(writes.map(write => [write.run.id, write]))
  const seenBy = new Map<
    number,
    { readonly ended: number; readonly runs: ReadonlySet<string>; readonly shared: number }
  >()
  for (const read of [...reads].sort((a, b) => a.began - b.began)) {
    const say = (text: string): void => void faults.push(`reader ${read.reader} at ${read.began}: ${text}`)
    for (const row of read.rows) if (row.rows !== 1) say(`${row.rows} rows of ${row.instrument_id} on ${row.day}`)
    const own = read.rows.filter(row => row.instrument_id !== SHARED)
    const runs = new Set(own.map(row => row.instrument_id))
    for (const id of runs) {
      const days = own.filter(row => row.instrument_id === id).length
      if (days !== DAYS.length) say(`${id} on ${days} of ${DAYS.length} days`)
      if (known.get(id) === undefined || known.get(id)!.began > read.ended) say(`${id}, which had not begun`)
    }
    const before = writes.filter(({ acknowledged, ended }) => acknowledged && ended < read.began)
    for (const { run } of before) if (!runs.has(run.id)) say(`${run.id} is missing, which had ended well`)
    const least = Math.max(-1, ...before.map(({ run }) => run.version))
    const shared = read.rows.filter(row => row.instrument_id === SHARED)
    const lowest = Math.min(...(shared.length === 0 ? [-1] : shared.map(row => row.version)))
    if (lowest < least) say(`a shared key of version ${lowest} after ${least} had ended well`)
    if (new Set(shared.map(row => row.version)).size > 1) say('shared keys of different runs')
    const last = seenBy.get(read.reader)
    if (last !== undefined && last.ended <= read.began) {
      for (const id of last.runs) if (!runs.has(id)) say(`${id} is gone, which it had seen`)
      if (lowest < last.shared) say(`a shared key went back from version ${last.shared} to ${lowest}`)
    }
    seenBy.set(read.reader, { ended: read.ended, runs, shared: lowest })
  }
  return faults
}
