import { withRoomFor } from '../../bronze/land.js'
import type { Contract } from '../../contract/contract.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine, SqlRow } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import { BATCH_CAPTURES, CONFORMED, conform } from '../../silver/conform.js'
import { detect } from '../../silver/detect.js'
import { noteContested } from '../../silver/resolve-keys.js'
import { answerRecords } from '../../sources/answers/answer-records.js'
import { type LandableAnswer, openAnswerSpool } from '../../sources/answers/answer-spool.js'
import type { Pipe } from '../../sources/pipe.js'
import type { Source } from '../../sources/source.js'
import { loadSessionsOf } from '../read/calendar-sessions.js'

/** What a contract makes of the records of one answer. Keys are not compared with what is published, and detectors see the answer alone. */
export interface TriedRecords {
  readonly records: number
  readonly accepted: number
  /** Open records of a source that says so, such as a bar before its end. */
  readonly notFinal: number
  /** Lines that could not be read. */
  readonly unreadable: number
  /** Rows per broken rule, the most frequent first. */
  readonly broken: readonly { readonly rule: string; readonly rows: number }[]
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** The first records, typed; `broken` in each names its broken rules. */
  readonly first: readonly SqlRow[]
  /** The first records that break a rule, as they came. */
  readonly rejected: readonly SqlRow[]
}

const SHOWN = 5
const TRIED = 'work.tried'

/** Reads, types and checks the records of an answer as a run would. `engine` has the reference tables; files go to `spool`. */
export async function tryRecords(
  answer: LandableAnswer,
  { source, pipe, contract }: { readonly source: Source; readonly pipe: Pipe; readonly contract: Contract },
  engine: Engine,
  spool: string,
): Promise<TriedRecords> {
  const files = await openAnswerSpool(source, `${spool}/tried`)
  await files.add(answer)
  await files.close()
  let rejects = 0
  const columns = contract.columns.map(({ name }) => quoteIdent(name)).join(', ')
  const none = contract.columns.map(({ name }) => `NULL::VARCHAR AS ${quoteIdent(name)}`).join(', ')
  await engine.run(
    `CREATE OR REPLACE TABLE ${TRIED} AS SELECT ${none}, NULL::VARCHAR AS _raw, NULL::TIMESTAMPTZ AS _received_at WHERE false`,
  )
  for (const { sql, rejects: refused } of answerRecords(source, contract, pipe.map, files)) {
    await withRoomFor(files.longestLine(), engine, () =>
      engine.run(`INSERT INTO ${TRIED} SELECT ${columns}, _raw, _received_at FROM (${sql})`),
    )
    if (refused !== undefined) rejects += await count(engine, refused)
  }
  const open = `SELECT ${quoteText(answer.captureId)} AS _capture_id, ${pipe.universe === 'open'} AS open`
  await engine.run(`CREATE OR REPLACE TABLE ${BATCH_CAPTURES} AS ${open}`)
  const bronze = `SELECT ${columns}, _received_at AS _known_at, 'captured' AS _known_basis,
    ${quoteText(answer.captureId)} AS _capture_id, rowid AS _position FROM ${TRIED} WHERE _raw IS NULL`
  await conform(bronze, contract, engine)
  await noteContested(contract, undefined, engine)
  const sessions = (calendars: readonly string[]) => loadSessionsOf(calendars, engine)
  await detect(contract, { published: undefined, judged: 'all', sessions }, engine)
  return figures(columns, rejects, engine)
}

async function figures(columns: string, rejects: number, engine: Engine): Promise<TriedRecords> {
  const [row] =
    await engine.rows(`SELECT (SELECT count(*) FROM ${TRIED}) AS records, (SELECT count(_raw) FROM ${TRIED}) AS unreadable,
    count(*) FILTER (WHERE _broken IS NULL AND NOT _open) AS accepted, count(*) FILTER (WHERE _broken IS NULL AND _open) AS not_final
    FROM ${CONFORMED}`)
  const figure = (name: string): number => asNumber(row?.[name] ?? 0)
  const broken = await engine.rows(
    `SELECT rule, count(*) AS rows FROM (SELECT unnest(_broken) AS rule FROM ${CONFORMED}) GROUP BY rule ORDER BY rows DESC, rule`,
  )
  const shown = `SELECT ${columns}, array_to_string(_broken, ', ') AS broken FROM ${CONFORMED} ORDER BY _position LIMIT ${SHOWN}`
  const described = await engine.rows(`DESCRIBE ${shown}`)
  const rejected = `SELECT array_to_string(_broken, ', ') AS broken, _record AS record FROM ${CONFORMED} WHERE _broken IS NOT NULL ORDER BY _position LIMIT ${SHOWN}`
  return {
    records: figure('records') + rejects,
    accepted: figure('accepted'),
    notFinal: figure('not_final'),
    unreadable: figure('unreadable') + rejects,
    broken: broken.map(one => ({ rule: String(one['rule']), rows: asNumber(one['rows']) })),
    columns: described.map(one => ({ name: String(one['column_name']), type: String(one['column_type']) })),
    first: await engine.rows(shown),
    rejected: await engine.rows(rejected),
  }
}

async function count(engine: Engine, sql: string): Promise<number> {
  const [row] = await engine.rows(`SELECT count(*) AS n FROM (${sql})`)
  return asNumber(row?.['n'] ?? 0)
}
