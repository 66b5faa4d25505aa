import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contract } from '../../contract/contract.js'
import { isoTime } from '../../core/clock.js'
import { groupBy } from '../../core/group-by.js'
import { filesSql } from '../../engine/file-sql.js'
import { quoteText } from '../../engine/sql-text.js'
import { type DatasetFigures, datasetFigures, type JudgedBatch } from '../../quality/batch-figures.js'
import { NO_ROWS } from '../derive/audit-derived.js'
import type { DerivedTable } from '../derive/derive.js'
import type { Fetched } from '../fetch/fetched.js'
import type { RunContext } from '../run-context.js'
import type { DatasetOutcome } from '../settle/settle-dataset.js'
import { bookContract, bookRows } from './book-rows.js'

/** The gold table that the engine itself fills, if the project has a contract for it. */
export const METRICS = 'data_quality_metrics'

/** Books what every rule and check found in this run, per pipe and dataset, and what the gates said: the same commit protocol as every table. */
export async function publishQualityMetrics(
  datasets: readonly DatasetOutcome[],
  derived: readonly DerivedTable[],
  fetched: readonly Fetched[],
  run: RunContext,
): Promise<DerivedTable[]> {
  const { contracts } = run.project
  const contract = bookContract(METRICS, run)
  const figures = [
    ...datasets.map(outcome => ({
      dataset: outcome.contract.dataset,
      ...datasetFigures(outcome.contract, batchesOf(outcome, fetched)),
    })),
    ...derived.flatMap(table => derivedFigures(table, contracts)),
  ]
  if (contract === undefined || figures.length === 0) return []
  return run.timeline.measure('metrics', METRICS, async () =>
    bookRows(contract, await metricsSql(figures, run), 'dataset, pipe, rule', run),
  )
}

/** The batch of each pipe, and all of them together. */
function batchesOf(outcome: DatasetOutcome, fetched: readonly Fetched[]): JudgedBatch[] {
  const own = fetched.filter(capture => capture.pipe.contract === outcome.contract.dataset)
  const batch = (pipe: string, captures: readonly Fetched[], verdict: JudgedBatch['verdict']): JudgedBatch => ({
    ...countCaptures(new Set(captures.map(({ id }) => id)), outcome),
    pipe,
    verdict,
  })
  return [
    batch('', own, outcome.whole),
    ...[...groupBy(own, capture => capture.pipe.name)].map(([pipe, captures]) =>
      batch(pipe, captures, outcome.pipeVerdicts.get(pipe) ?? outcome.whole),
    ),
  ]
}

function countCaptures(
  captures: ReadonlySet<string>,
  { tally, records }: DatasetOutcome,
): Pick<JudgedBatch, 'rows' | 'inError' | 'broken'> {
  const broken = new Map<string, number>()
  let [rows, inError] = [0, 0]
  for (const id of captures) {
    rows += records.get(id) ?? 0
    inError += tally.captures.get(id)?.quarantined ?? 0
    // A row that a person let pass broke its rule all the same.
    for (const [rule, count] of [...(tally.rules.get(id) ?? []), ...(tally.waived.get(id) ?? [])])
      broken.set(rule, (broken.get(rule) ?? 0) + count)
  }
  return { rows, inError, broken }
}

type NamedFigures = DatasetFigures & { readonly dataset: string }

/** A table that waits for others, or whose inputs did not change, was not looked at. */
function derivedFigures(
  { name, verdict, commit, figures }: DerivedTable,
  contracts: readonly Contract[],
): NamedFigures[] {
  const dataset = name.replace(/^gold\./, '')
  const contract = contracts.find(candidate => candidate.dataset === dataset && candidate.layer === 'gold')
  if (verdict === undefined || contract === undefined) return []
  const published = commit?.added.reduce((sum, written) => sum + Number(written.file['record-count']), 0) ?? 0
  const { rows, inError, broken } = figures ?? { ...NO_ROWS, rows: published }
  const batch = { pipe: '', rows, inError, broken: new Map(Object.entries(broken)), verdict }
  return [{ dataset, ...datasetFigures(contract, [batch]) }]
}

/**
 * SQL that gives one row for each dataset, pipe and rule. Thousands of pipes have too many for a statement's text, and most of them say
 * that nothing happened: the files hold what differs, and the engine writes out the rest.
 */
async function metricsSql(all: readonly NamedFigures[], { workspace, runId, deps }: RunContext): Promise<string> {
  const read = async (name: string, columns: readonly (readonly [string, string])[], rows: readonly object[]) => {
    const file = join(workspace.spool, `metrics-${name}.ndjson`)
    await writeFile(file, rows.map(row => `${JSON.stringify(row)}\n`).join(''))
    const types = columns.map(([column, type]) => `${column}: '${type}'`).join(', ')
    return filesSql('read_json', [file], [`format = 'newline_delimited'`, `columns = {${types}}`])
  }
  const named = <T extends object>(pick: (figures: NamedFigures) => readonly T[]) =>
    all.flatMap(figures => pick(figures).map(row => ({ dataset: figures.dataset, ...row })))
  const batches = await read(
    'batches',
    BATCH_COLUMNS,
    named(({ batches }) => batches),
  )
  const tests = await read(
    'tests',
    TEST_COLUMNS,
    named(({ tests }) => tests),
  )
  const figures = await read(
    'figures',
    FIGURE_COLUMNS,
    named(({ figures }) => figures),
  )
  const at = `${quoteText(isoTime(deps.clock.now()))}::TIMESTAMPTZ`
  return `SELECT ${quoteText(runId)} AS run_id, ${at} AS recorded_at, ${at} AS _known_at, dataset, pipe, rule, kind, severity,
      b.rows AS rows, coalesce(f.failed, 0) AS failed, CASE WHEN b.rows = 0 THEN 0 ELSE coalesce(f.failed, 0) / b.rows END AS share,
      t.maxShare AS threshold, t.maxRows AS threshold_rows, f.value AS value, t.unit AS unit, t.operator AS operator,
      t.limitLow AS limit_low, t.limitHigh AS limit_high, coalesce(f.verdict, b.otherwise) AS rule_verdict, b.verdict AS verdict
    FROM ${batches} b JOIN ${tests} t USING (dataset) LEFT JOIN ${figures} f USING (dataset, pipe, rule)
    WHERE t.everywhere OR f.rule IS NOT NULL`
}

const NAMES = [
  ['dataset', 'VARCHAR'],
  ['pipe', 'VARCHAR'],
] as const
const BATCH_COLUMNS = [...NAMES, ['rows', 'BIGINT'], ['verdict', 'VARCHAR'], ['otherwise', 'VARCHAR']] as const
const FIGURE_COLUMNS = [
  ...NAMES,
  ['rule', 'VARCHAR'],
  ['failed', 'BIGINT'],
  ['value', 'DOUBLE'],
  ['verdict', 'VARCHAR'],
] as const
const TEST_COLUMNS = [
  ['dataset', 'VARCHAR'],
  ['rule', 'VARCHAR'],
  ['kind', 'VARCHAR'],
  ['severity', 'VARCHAR'],
  ['everywhere', 'BOOLEAN'],
  ['maxShare', 'DOUBLE'],
  ['maxRows', 'BIGINT'],
  ['unit', 'VARCHAR'],
  ['operator', 'VARCHAR'],
  ['limitLow', 'DOUBLE'],
  ['limitHigh', 'DOUBLE'],
] as const
