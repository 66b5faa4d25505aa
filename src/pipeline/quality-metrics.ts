import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RESTATED_RULES } from '../contract/restated-rules.js'
import { isoTime } from '../core/clock.js'
import { groupBy } from '../core/group-by.js'
import { filesSql } from '../engine/file-sql.js'
import { bookContract, bookRows } from './book-rows.js'
import type { DerivedTable } from './derive.js'
import type { Fetched } from './fetch/fetched.js'
import type { RunContext } from './run-context.js'
import type { DatasetOutcome } from './settle-dataset.js'

/** The gold table that the engine itself fills, if the project has a contract for it. */
export const METRICS = 'data_quality_metrics'

interface Metric {
  readonly dataset: string
  readonly pipe: string
  readonly rule: string
  readonly severity: string
  readonly rows: number
  readonly failed: number
  readonly threshold: number | undefined
  readonly verdict: string
}

/** Books what every rule found in this run, per pipe and dataset: small, the same commit protocol as every table. */
export async function publishQualityMetrics(
  datasets: readonly DatasetOutcome[],
  derived: readonly DerivedTable[],
  fetched: readonly Fetched[],
  run: RunContext,
): Promise<DerivedTable[]> {
  const contract = bookContract(METRICS, run)
  const metrics = [...datasets.flatMap(outcome => datasetMetrics(outcome, fetched)), ...derived.flatMap(derivedMetrics)]
  if (contract === undefined || metrics.length === 0) return []
  return run.timeline.measure('metrics', METRICS, async () => {
    // Thousands of pipes have too many metrics for a statement's text.
    const file = join(run.workspace.spool, 'metrics.ndjson')
    await writeFile(file, metrics.map(metric => `${JSON.stringify(metricRow(metric, run))}\n`).join(''))
    return bookRows(contract, `FROM ${filesSql('read_json', [file], METRIC_FILE)}`, 'dataset, pipe, rule', run)
  })
}

function datasetMetrics(outcome: DatasetOutcome, fetched: readonly Fetched[]): Metric[] {
  const { contract, tally, records } = outcome
  const own = fetched.filter(capture => capture.pipe.contract === contract.dataset)
  return [...groupBy(own, capture => capture.pipe.name)].flatMap(([pipe, fetchedByPipe]) => {
    const captures = [...new Set(fetchedByPipe.map(({ id }) => id))]
    const rows = captures.reduce((sum, id) => sum + (records.get(id) ?? 0), 0)
    const verdict = (outcome.pipeVerdicts.get(pipe) ?? outcome.verdict).verdict
    const failed = new Map<string, number>(contract.rules.map(rule => [rule.id, 0]))
    for (const id of captures)
      for (const [rule, count] of tally.rules.get(id) ?? []) failed.set(rule, (failed.get(rule) ?? 0) + count)
    const quarantined = captures.reduce((sum, id) => sum + (tally.captures.get(id)?.quarantined ?? 0), 0)
    const severity = (rule: string): string =>
      contract.rules.find(candidate => candidate.id === rule)?.severity ??
      (RESTATED_RULES.includes(rule) ? 'warn' : 'error')
    const threshold = (rule: string): number | undefined =>
      contract.thresholds.find(candidate => candidate.rule === rule)?.maxShare
    const perRule = [...failed].map(([rule, count]) => ({
      dataset: contract.dataset,
      pipe,
      rule,
      severity: severity(rule),
      rows,
      failed: count,
      threshold: threshold(rule),
      verdict,
    }))
    return [
      {
        dataset: contract.dataset,
        pipe,
        rule: '*',
        severity: 'error',
        rows,
        failed: quarantined,
        threshold: threshold('*'),
        verdict,
      },
      ...perRule,
    ]
  })
}

function derivedMetrics(table: DerivedTable): Metric[] {
  if (table.verdict === undefined) return []
  const rows = table.commit?.added.reduce((sum, written) => sum + Number(written.file['record-count']), 0) ?? 0
  const base = {
    dataset: table.name.replace(/^gold\./, ''),
    pipe: '',
    verdict: table.verdict.verdict,
    rows,
    threshold: undefined,
  }
  const findings = table.verdict.findings.map(finding => ({
    ...base,
    rule: finding.rule,
    severity: finding.severity,
    failed: finding.failed,
  }))
  return [
    { ...base, rule: '*', severity: 'error', failed: findings.reduce((sum, finding) => sum + finding.failed, 0) },
    ...findings,
  ]
}

const METRIC_FILE = [
  `format = 'newline_delimited'`,
  `columns = {run_id: 'VARCHAR', recorded_at: 'TIMESTAMPTZ', dataset: 'VARCHAR', pipe: 'VARCHAR', rule: 'VARCHAR', severity: 'VARCHAR', rows: 'BIGINT', failed: 'BIGINT', share: 'DOUBLE', threshold: 'DOUBLE', verdict: 'VARCHAR', _known_at: 'TIMESTAMPTZ'}`,
]

function metricRow(metric: Metric, run: RunContext): Record<string, string | number | null> {
  const { threshold, ...rest } = metric
  const recordedAt = isoTime(run.deps.clock.now())
  const share = metric.rows === 0 ? 0 : metric.failed / metric.rows
  return {
    run_id: run.runId,
    recorded_at: recordedAt,
    ...rest,
    share,
    threshold: threshold ?? null,
    _known_at: recordedAt,
  }
}
