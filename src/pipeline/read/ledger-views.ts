import type { Engine } from '../../engine/engine.js'
import { filesSql } from '../../engine/file-sql.js'
import type { Lake } from '../../lake/lake.js'
import { USED_COLUMNS, usageSql } from '../cost/usage-sql.js'
import { DECISIONS_FOLDER } from '../holding/decision-notes.js'
import { ATTEMPTS_FOLDER } from '../ledger/attempt-record.js'
import { RUNS_FOLDER, runIdOf } from '../record/runs.js'

/** Tables that are read from records of the lake, by their names in SQL. */
export const LEDGER_TABLES: readonly string[] = [
  'ledger.runs',
  'ledger.attempts',
  'ledger.verdicts',
  'ledger.inputs',
  'ledger.holds',
  'ledger.decisions',
  'ledger.breaker_changes',
  'ledger.usage',
]

/** Makes the view of a table of the ledger. */
export async function createLedgerView(name: string, lake: Lake, engine: Engine): Promise<void> {
  await engine.run('CREATE SCHEMA IF NOT EXISTS ledger')
  await engine.run(`CREATE OR REPLACE VIEW ${name} AS ${await ledgerSql(name, lake)}`)
}

async function ledgerSql(name: string, lake: Lake): Promise<string> {
  const runs = await recordsBelow(RUNS_FOLDER, lake, key => runIdOf(key) !== undefined)
  switch (name) {
    case 'ledger.inputs':
      return `SELECT run_id, i.pipe, i.capture_id, i.name, i.bytes, coalesce(i.held, false) AS held
        FROM (SELECT run_id, unnest(inputs) AS i FROM ${recordsSql(runs, INPUTS)})`
    case 'ledger.attempts':
      return attemptsSql(runs, await recordsBelow(ATTEMPTS_FOLDER, lake))
    case 'ledger.verdicts': {
      const columns = 'v.verdict, v.breach_allowed, v.findings'
      return `SELECT run_id, finished_at AS judged_at, v.dataset, NULL::VARCHAR AS pipe, ${columns}
          FROM (SELECT run_id, finished_at, unnest(datasets) AS v FROM ${recordsSql(runs, VERDICTS)})
        UNION ALL SELECT run_id, finished_at, v.dataset, v.pipe, ${columns.replace('v.breach_allowed', 'NULL::BOOLEAN')}
          FROM (SELECT run_id, finished_at, unnest(pipes) AS v FROM ${recordsSql(runs, VERDICTS)}) WHERE v.verdict IS NOT NULL`
    }
    case 'ledger.holds':
      return `SELECT run_id, finished_at AS held_at, h.id AS hold_id, h.dataset, h.pipe, h."by" AS held_by, h.why, h.rows, h.captures
        FROM (SELECT run_id, finished_at, unnest(holds) AS h FROM ${recordsSql(runs, HOLDS)})`
    case 'ledger.breaker_changes':
      return `SELECT run_id, c."at"::TIMESTAMPTZ AS changed_at, c.dataset, c.pipe, c."from" AS from_state, c."to" AS to_state, c.why
        FROM (SELECT run_id, unnest(breakers) AS c FROM ${recordsSql(runs, BREAKERS)})`
    case 'ledger.usage':
      return usageSql(recordsSql(runs, USED_COLUMNS))
    case 'ledger.decisions': {
      const notes = await recordsBelow(DECISIONS_FOLDER, lake)
      return `SELECT n.run_id, n.decided_at, n.move, n."by" AS decided_by, n.reason, n.datasets, n.pipes, n.rows, r.decision.rows_moved AS rows_moved,
          n.holds, n.captures, r.status
        FROM ${recordsSql(notes, DECISIONS)} n LEFT JOIN ${recordsSql(runs, DECIDED)} r USING (run_id)`
    }
    default:
      return runs.paths.length === 0
        ? `SELECT NULL::VARCHAR AS run_id WHERE false`
        : `SELECT * FROM ${filesSql('read_json_auto', runs.paths, ['union_by_name = true', sizeOption(runs)])}`
  }
}

/** Attempts of one run are counted from 1 in order of their ends; one that finished has a run record. */
function attemptsSql(runs: Records, attempts: Records): string {
  return `SELECT run_id, row_number() OVER (PARTITION BY run_id ORDER BY ended_at, outcome) AS attempt, * EXCLUDE (run_id) FROM (
      SELECT run_id, outcome, started_at, ended_at, failed_step.step || ' ' || failed_step.detail AS failed_step,
        error.code AS code, error.kind AS kind, error.message AS message, pipes, datasets, process.machine AS machine, process.pid AS pid
      FROM ${recordsSql(attempts, ATTEMPTS)}
      UNION ALL SELECT run_id, 'finished', started_at, finished_at, NULL, NULL, NULL, NULL,
        list_sort(list_distinct([p.pipe FOR p IN pipes])), list_sort(list_distinct([d.dataset FOR d IN datasets])), NULL, NULL
      FROM ${recordsSql(runs, FINISHED)})`
}

interface Records {
  readonly paths: readonly string[]
  readonly longest: number
}

async function recordsBelow(folder: string, lake: Lake, isOne = (_: string) => true): Promise<Records> {
  const paths: string[] = []
  let longest = 0
  for await (const { key, sizeBytes } of lake.store.list(folder)) {
    if (!isOne(key)) continue
    paths.push(await lake.store.localPath(key))
    longest = Math.max(longest, sizeBytes)
  }
  return { paths, longest }
}

/** Records by the columns that are asked for; an older record that lacks one has NULL. */
function recordsSql(records: Records, columns: Readonly<Record<string, string>>): string {
  const typed = Object.entries(columns)
  if (records.paths.length === 0)
    return `(SELECT ${typed.map(([name, type]) => `NULL::${type} AS "${name}"`).join(', ')} WHERE false)`
  const list = typed.map(([name, type]) => `"${name}": '${type}'`).join(', ')
  return filesSql('read_json', records.paths, [`format = 'unstructured'`, `columns = {${list}}`, sizeOption(records)])
}

function sizeOption({ longest }: Records): string {
  return `maximum_object_size = ${longest + 1024}`
}

const ATTEMPTS = {
  run_id: 'VARCHAR',
  outcome: 'VARCHAR',
  started_at: 'TIMESTAMPTZ',
  ended_at: 'TIMESTAMPTZ',
  failed_step: 'STRUCT(step VARCHAR, detail VARCHAR)',
  error: 'STRUCT(code VARCHAR, kind VARCHAR, message VARCHAR)',
  pipes: 'VARCHAR[]',
  datasets: 'VARCHAR[]',
  process: 'STRUCT(machine VARCHAR, pid BIGINT)',
}
const FINISHED = {
  run_id: 'VARCHAR',
  started_at: 'TIMESTAMPTZ',
  finished_at: 'TIMESTAMPTZ',
  pipes: 'STRUCT(pipe VARCHAR)[]',
  datasets: 'STRUCT(dataset VARCHAR)[]',
}
const FINDINGS = 'STRUCT("rule" VARCHAR, severity VARCHAR, text VARCHAR, released_by VARCHAR)[]'
const VERDICTS = {
  run_id: 'VARCHAR',
  finished_at: 'TIMESTAMPTZ',
  datasets: `STRUCT(dataset VARCHAR, verdict VARCHAR, breach_allowed BOOLEAN, findings ${FINDINGS})[]`,
  pipes: `STRUCT(dataset VARCHAR, pipe VARCHAR, verdict VARCHAR, findings ${FINDINGS})[]`,
}
const INPUTS = {
  run_id: 'VARCHAR',
  inputs: 'STRUCT(pipe VARCHAR, capture_id VARCHAR, name VARCHAR, bytes BIGINT, held BOOLEAN)[]',
}
const HOLDS = {
  run_id: 'VARCHAR',
  finished_at: 'TIMESTAMPTZ',
  holds:
    'STRUCT(id VARCHAR, dataset VARCHAR, pipe VARCHAR, "by" VARCHAR, why VARCHAR, "rows" BIGINT, captures BIGINT)[]',
}
const BREAKERS = {
  run_id: 'VARCHAR',
  breakers: 'STRUCT(dataset VARCHAR, pipe VARCHAR, "at" VARCHAR, "from" VARCHAR, "to" VARCHAR, why VARCHAR)[]',
}
const DECISIONS = {
  run_id: 'VARCHAR',
  decided_at: 'TIMESTAMPTZ',
  move: 'VARCHAR',
  by: 'VARCHAR',
  reason: 'VARCHAR',
  datasets: 'VARCHAR[]',
  pipes: 'VARCHAR[]',
  rows: 'BIGINT',
  holds: 'VARCHAR[]',
  captures: 'VARCHAR[]',
}
const DECIDED = { run_id: 'VARCHAR', status: 'VARCHAR', decision: 'STRUCT(rows_moved BIGINT)' }
