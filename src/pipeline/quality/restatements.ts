import { asNumber } from '../../engine/duckdb.js'
import type { SqlRow } from '../../engine/engine.js'
import { instant, quoteText } from '../../engine/sql-text.js'
import {
  addChanges,
  type CapturePipes,
  CHANGES,
  type PipeOutcome,
  startChanges,
} from '../../silver/classify-restated.js'
import type { DerivedTable } from '../derive/derive.js'
import type { Fetched } from '../fetch/fetched.js'
import type { RestatedRecord } from '../record/run-record.js'
import type { RunContext } from '../run-context.js'
import type { Audited } from '../settle/audit-dataset.js'
import type { Reading } from '../settle/reading.js'
import { bookContract, bookRows } from './book-rows.js'

/** The gold table of restatements, which the engine itself fills, if the project has a contract for it. */
export const RESTATEMENTS = 'restatements'

/** Changes that a record names; the table has all. */
const MOST_CHANGES = 20

export function capturePipes(fetched: readonly Fetched[]): CapturePipes {
  return fetched.map(({ id, pipe }) => [id, pipe.name])
}

/** Sums up the restatements of a dataset, the held ones too: for the run's record, and for `publishRestatements`. */
export async function sumUpRestated(
  { contract, fetched }: Reading,
  { verdict, pipeVerdicts, held }: Pick<Audited, 'verdict' | 'pipeVerdicts' | 'held'>,
  run: RunContext,
): Promise<RestatedRecord | undefined> {
  const engine = run.workspace.engines[0]!
  const heldPipes = new Set(fetched.filter(({ id }) => held.has(id)).map(({ pipe }) => pipe.name))
  const fate = ({ first: 'conflict', latest: 'replaced', versions: 'version' } as const)[contract.merge.policy]
  const outcomes = [...new Set(fetched.map(({ pipe }) => pipe.name))].map(
    (pipe): PipeOutcome => ({
      pipe,
      verdict: (pipeVerdicts.get(pipe) ?? verdict).verdict,
      fate: heldPipes.has(pipe) ? 'held' : fate,
    }),
  )
  await startChanges(engine)
  if ((await addChanges(contract, capturePipes(fetched), outcomes, engine)) === 0) return undefined
  const own = `FROM ${CHANGES} WHERE dataset = ${quoteText(contract.dataset)}`
  const [sum] =
    await engine.rows(`SELECT count(DISTINCT (pipe, series)) AS series, sum(rows)::BIGINT AS rows, count(*) AS changes,
    coalesce(sum(rows) FILTER (WHERE announced), 0)::BIGINT AS announced ${own}`)
  const largest = await engine.rows(
    `SELECT *, ${timeSql('first_event')} AS first, ${timeSql('last_event')} AS last ${own} ORDER BY announced, rows DESC, pipe, series, change LIMIT ${MOST_CHANGES}`,
  )
  return {
    series: asNumber(sum?.['series']),
    rows: asNumber(sum?.['rows']),
    announced: asNumber(sum?.['announced']),
    changes: asNumber(sum?.['changes']),
    largest: largest.map(changeRecord),
  }
}

function changeRecord(row: SqlRow): RestatedRecord['largest'][number] {
  return {
    pipe: String(row['pipe']),
    series: String(row['series']),
    kind: String(row['kind']),
    announced: row['announced'] === true,
    rows: asNumber(row['rows']),
    first_event: String(row['first']),
    last_event: String(row['last']),
    ratio: row['ratio'] === null ? null : Number(row['ratio']),
    columns: String(row['columns']),
    fate: String(row['fate']),
  }
}

/** A time of any year: JavaScript knows fewer of them. */
function timeSql(column: string): string {
  return `strftime(${column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ')`
}

/** Books the restatements that the run found: a row for each change of each series. */
export async function publishRestatements(run: RunContext): Promise<DerivedTable[]> {
  const contract = bookContract(RESTATEMENTS, run)
  const engine = run.workspace.engines[0]!
  await startChanges(engine)
  const [row] = await engine.rows(`SELECT count(*) AS changes FROM ${CHANGES}`)
  if (contract === undefined || asNumber(row?.['changes']) === 0) return []
  const at = instant(run.deps.clock.now())
  const rows = `SELECT ${quoteText(run.runId)} AS run_id, ${at} AS recorded_at, *, ${at} AS _known_at FROM ${CHANGES}`
  return run.timeline.measure('metrics', RESTATEMENTS, () =>
    bookRows(contract, rows, 'dataset, pipe, series, change', run),
  )
}
