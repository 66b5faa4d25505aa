import { join } from 'node:path'
import { type Ended, runChild } from '../crash/command.js'
import type { Read, SeenRow, Write } from './history.js'
import type { WriterRun } from './writers-project.js'

const LOOK = `SELECT instrument_id, event_time::DATE::VARCHAR AS day, max(version)::INT AS version, count(*)::INT AS rows
FROM silver.marks GROUP BY ALL`

export interface Raced {
  readonly writes: readonly Write[]
  readonly reads: readonly Read[]
  /** What commands said that did not end well. */
  readonly failures: readonly string[]
}

/** Runs a command line in a process of its own for the writer, or the reader after the last writer, of that number. */
export type RunFor = (who: number, args: readonly string[]) => Promise<Ended>

/** Lets each writer do its runs one after another, all writers at once, while readers look, each command a process of its own. */
export async function race(
  project: string,
  plan: readonly (readonly WriterRun[])[],
  readers: number,
  runFor: RunFor = (_, args) => runChild(args),
): Promise<Raced> {
  const began = performance.now()
  const now = (): number => performance.now() - began
  const [writes, reads, failures] = [[] as Write[], [] as Read[], [] as string[]]
  let writing = true

  async function write(runs: readonly WriterRun[], writer: number): Promise<void> {
    for (const run of runs) {
      const from = now()
      const input = ['--input', join(project, run.file), '--contract', 'marks', '--run-id', run.id]
      const { code, err } = await runFor(writer, ['run', '--project', project, ...input, '--output', 'json'])
      writes.push({ run, began: from, ended: now(), acknowledged: code === 0 })
      if (code !== 0) failures.push(`${run.id} ended with ${code}: ${err.trim()}`)
    }
  }

  async function look(reader: number): Promise<void> {
    while (writing) {
      const from = now()
      const { code, out, err } = await runFor(plan.length + reader, [
        'query',
        LOOK,
        '--project',
        project,
        '--output',
        'json',
      ])
      if (code === 0) {
        const { rows } = JSON.parse(out) as { rows: SeenRow[] }
        reads.push({ reader, began: from, ended: now(), rows })
      } else if (!err.includes('SLUICE_TABLE_UNKNOWN'))
        failures.push(`reader ${reader} ended with ${code}: ${err.trim()}`)
    }
  }

  const looking = Array.from({ length: readers }, (_, reader) => look(reader))
  await Promise.all(plan.map(write))
  writing = false
  await Promise.all(looking)
  return { writes, reads, failures }
}
