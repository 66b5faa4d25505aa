import type { Check, Contract, Operator, Severity, Threshold } from '../contract/contract.js'
import { restatedWords } from '../contract/restated-rules.js'
import { satisfies } from '../contract/satisfies.js'

/** The figures of one batch of a dataset that a gate looks at. */
export interface BatchProfile {
  /** The rows of one pipe, or of all. Undefined: all thresholds hold. */
  readonly of?: 'dataset' | 'pipe'
  readonly rowsIn: number
  readonly quarantined: number
  /** Rows that broke a rule, by rule id. */
  readonly broken: Readonly<Record<string, number>>
  /** Results of the batch checks by check id; null when the batch gave none. */
  readonly checks: Readonly<Record<string, number | null>>
}

export interface Finding {
  readonly rule: string
  readonly severity: Severity
  /** `rows`: `failed` counts rows in error. Else it is a figure of the batch. */
  readonly of?: 'rows'
  readonly failed: number
  readonly share: number
  /** The limit that was broken, in words: `at most 5 %`. */
  readonly limit: string
  readonly text: string
  /** Who let the batch pass all the same. */
  readonly releasedBy?: string
}

export interface Verdict {
  readonly verdict: 'pass' | 'warn' | 'fail'
  readonly findings: readonly Finding[]
  /** The figures of the batch checks that it looked at, broken or not. Undefined: none. */
  readonly checks?: BatchProfile['checks']
}

/** The gate: whether a batch may be published. Pure; the same profile gives the same verdict. */
export function judge(profile: BatchProfile, contract: Contract): Verdict {
  const findings = [
    ...contract.thresholds
      .filter(limit => profile.of !== 'dataset' || !isOfPipe(limit))
      .flatMap(threshold => breachOf(threshold, profile)),
    ...contract.checks.flatMap(check => failureOf(check, profile)),
  ]
  const { checks } = profile
  const seen = { findings, ...(Object.keys(checks).length > 0 && { checks }) }
  if (findings.some(({ severity }) => severity !== 'warn')) return { verdict: 'fail', ...seen }
  return { verdict: findings.length > 0 ? 'warn' : 'pass', ...seen }
}

/** Whether a test is one of the rows of each pipe by itself. */
export function isOfPipe(test: Pick<Threshold, 'severity'> & Partial<Pick<Check, 'detector'>>): boolean {
  return test.severity === 'hold' || test.severity === 'breaker' || test.detector !== undefined
}

function breachOf(threshold: Threshold, profile: BatchProfile): Finding[] {
  const failed = threshold.rule === '*' ? profile.quarantined : (profile.broken[threshold.rule] ?? 0)
  const share = profile.rowsIn === 0 ? 0 : failed / profile.rowsIn
  const overShare = threshold.maxShare !== undefined && share > threshold.maxShare
  const overRows = threshold.maxRows !== undefined && failed > threshold.maxRows
  if (!overShare && !overRows) return []
  const limit = overShare ? `at most ${percent(threshold.maxShare ?? 0)}` : `at most ${threshold.maxRows} rows`
  const what =
    threshold.rule === '*' ? 'rows in error' : (restatedWords(threshold.rule) ?? `rows break ${threshold.rule}`)
  const text = `${failed} of ${profile.rowsIn} ${what} (${percent(share)}); allowed: ${limit}`
  return [{ rule: threshold.rule, severity: threshold.severity ?? 'error', of: 'rows', failed, share, limit, text }]
}

function failureOf(check: Check, profile: BatchProfile): Finding[] {
  const value = profile.checks[check.id]
  if (value === undefined || value === null || satisfies(value, check.must)) return []
  const limit = operatorText(check.must)
  const unit = check.unit === 'percent' ? ' %' : ''
  return [
    {
      rule: check.id,
      severity: check.severity,
      failed: value,
      share: check.unit === 'percent' ? value / 100 : 0,
      limit,
      text: `${check.id} is ${value}${unit}; it must ${limit}${unit}`,
    },
  ]
}

function operatorText(must: Operator): string {
  switch (must.op) {
    case 'be':
      return `be ${must.value}`
    case 'notBe':
      return `not be ${must.value}`
    case 'beGreaterThan':
      return `be greater than ${must.value}`
    case 'beGreaterOrEqualTo':
      return `be at least ${must.value}`
    case 'beLessThan':
      return `be less than ${must.value}`
    case 'beLessOrEqualTo':
      return `be at most ${must.value}`
    case 'beBetween':
      return `be between ${must.low} and ${must.high}`
    case 'notBeBetween':
      return `not be between ${must.low} and ${must.high}`
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`
}
