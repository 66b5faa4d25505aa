import { createHash } from 'node:crypto'
import { answerOf, type Ended } from './command.js'
import type { LakePlace } from './lake-place.js'

/** A lake as the command line shows it: the files of its tables, by table, each with the hash of its bytes. */
export type Shown = Readonly<Record<string, readonly string[]>>

export interface Judged {
  readonly project: string
  readonly place: LakePlace
  /** Whether the commands are told what time it is, so that equal work gives equal bytes. */
  readonly isTimed: boolean
  /** Columns of each table's key, comma-separated. */
  readonly keys: Readonly<Record<string, string>>
}

/** Its rows say when they were booked. */
const BOOKED = 'gold.data_quality_metrics'

interface TableLine {
  readonly table: string
  /** None of a table that shows a part of another one: its metadata does not count it. */
  readonly rows?: number
}

/**
 * What stands in the tables, whatever snapshots say it: their data files, by path and sha256. Of a command that cannot be told the time, the rows
 * without the times at which they and what they are made of came.
 */
export async function shownBy({ project, place, isTimed }: Judged): Promise<Shown> {
  const shown: Record<string, readonly string[]> = {}
  const tables = await tablesOf(project)
  if (!isTimed) {
    const sums = tables.map(({ table }) => {
      const sum = table === BOOKED ? `''` : 'sum(hash(t)::HUGEINT)::VARCHAR'
      return `SELECT '${table}' AS name, count(*)::VARCHAR || ' rows ' || ${sum} AS shown
        FROM (SELECT COLUMNS(name -> NOT ends_with(name, 'known_at')) FROM ${table}) t`
    })
    const answer = await answerOf(['query', sums.join(' UNION ALL '), '--project', project])
    for (const { name, shown: sum } of (answer as { rows: { name: string; shown: string }[] }).rows) shown[name] = [sum]
    return shown
  }
  for (const { table } of tables) {
    const found = (await answerOf(['tables', table, '--files', '--project', project])) as {
      dataFiles: { path: string }[]
    }
    const hashes = found.dataFiles.map(async ({ path }) => `${path} ${sha256(await place.read(path))}`)
    shown[table] = (await Promise.all(hashes)).sort()
  }
  return shown
}

/**
 * What is wrong with a lake after a death or a fault, in sentences; none where all is well: every table is read whole, no key stands
 * twice, every run that ended well is on record, and its rows add up.
 */
export async function faultsOf({ project, keys }: Judged, acknowledged: readonly string[]): Promise<string[]> {
  const faults: string[] = []
  const tables = await tablesOf(project)
  if (tables.length > 0) {
    const counts = tables.map(({ table }) => {
      const distinct = keys[table] === undefined ? 'count(*)' : `count(DISTINCT (${keys[table]}))`
      return `SELECT '${table}' AS name, count(*)::INT AS rows, ${distinct}::INT AS keys FROM ${table}`
    })
    const sql = counts.join(' UNION ALL ')
    const { rows: found } = (await answerOf(['query', sql, '--project', project])) as {
      rows: {
        name: string
        rows: number
        keys: number
      }[]
    }
    for (const { name, rows, keys: distinct } of found) {
      const said = tables.find(({ table }) => table === name)?.rows
      if (said !== undefined && rows !== said) faults.push(`${name} has ${rows} rows where its metadata says ${said}`)
      if (rows !== distinct) faults.push(`${name} has ${rows} rows of ${distinct} keys`)
    }
  }
  const runs = await recordsOf(project)
  for (const id of acknowledged)
    if (!runs.some(({ run_id }) => run_id === id)) faults.push(`run ${id} ended well and is not on record`)
  for (const { run_id, pipes } of runs)
    for (const { pipe, in: taken, accepted, duplicate, quarantined, held, not_final } of pipes)
      if (taken !== accepted + duplicate + quarantined + held + not_final)
        faults.push(`run ${run_id} does not account for all ${taken} rows of ${pipe}`)
  return faults
}

/** Whether an end is one that a user can do something about: it went well, it was killed, or an error with a code says why not. */
export function isNamedEnd({ code, signal, err }: Ended): boolean {
  if (code === 0 || signal === 'SIGKILL') return true
  return /error SLUICE_(?!INTERNAL)[A-Z_]+/.test(err)
}

interface Counts {
  readonly pipe: string
  readonly in: number
  readonly accepted: number
  readonly duplicate: number
  readonly quarantined: number
  readonly held: number
  readonly not_final: number
}

/** The ids of the runs on record. */
export async function runsOn(project: string): Promise<string[]> {
  return (await recordsOf(project)).map(({ run_id }) => run_id)
}

interface Recorded {
  readonly run_id: string
  readonly pipes: readonly Counts[]
}

/** The records of finished runs; attempts that failed or died are listed beside them. */
async function recordsOf(project: string): Promise<Recorded[]> {
  const listed = (await answerOf(['runs', '--project', project, '--limit', '100000'])) as Partial<Recorded>[]
  return listed.filter(entry => 'record_version' in entry) as Recorded[]
}

async function tablesOf(project: string): Promise<TableLine[]> {
  return (await answerOf(['tables', '--project', project])) as TableLine[]
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
