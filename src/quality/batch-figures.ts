import type { Check, Contract, Operator } from '../contract/contract.js'
import { RESTATED_RULES } from '../contract/restated-rules.js'
import { ruleIds } from '../contract/rule-ids.js'
import type { Verdict } from './gate.js'

/** Stands for every rule of severity error together. */
export const ANY_RULE = '*'
/** Rules of findings that say that rows were not looked at: a breaker holds the batch, the SQL of a model failed. */
const UNSEEN: readonly string[] = ['breaker', 'model:failed']

/** `unchecked`: it was not asked, or the batch had nothing to ask it of. */
export type TestVerdict = Verdict['verdict'] | 'unchecked'

/** What a contract asks, with what it allows. */
export interface TestTerms {
  readonly rule: string
  /** `gate`: rows in error, whatever they broke. `rule`: of one row. `check`: of one batch. `count`: is told and has no verdict. */
  readonly kind: 'gate' | 'rule' | 'check' | 'count'
  readonly severity: string
  /** Whether every batch has a figure of it. */
  readonly everywhere: boolean
  /** The strictest of the contract's limits, 0..1 and in rows. */
  readonly maxShare?: number
  readonly maxRows?: number
  readonly unit?: Check['unit']
  /** As ODCS names it: `mustBeLessThan`. */
  readonly operator?: string
  readonly limitLow?: number
  readonly limitHigh?: number
}

/** A batch as the gate saw it. */
export interface JudgedBatch {
  /** Empty for rows of all pipes together. */
  readonly pipe: string
  readonly rows: number
  readonly inError: number
  readonly broken: ReadonlyMap<string, number>
  readonly verdict: Verdict
}

/** A figure of one batch that says more than that no row broke the rule. */
export interface BatchFigure {
  readonly pipe: string
  readonly rule: string
  readonly failed: number
  /** Of a batch check that gave one. */
  readonly value?: number
  readonly verdict: TestVerdict
}

/** What batches of a dataset came to. A rule that `everywhere` is true of, and that has no figure, has the batch's `otherwise`. */
export interface DatasetFigures {
  readonly tests: readonly TestTerms[]
  readonly batches: readonly (Pick<JudgedBatch, 'pipe' | 'rows'> & {
    readonly verdict: Verdict['verdict']
    readonly otherwise: TestVerdict
  })[]
  readonly figures: readonly BatchFigure[]
}

/**
 * Every figure of a dataset's batches: each rule of each batch, each batch check where it was looked at, and each that never was.
 * Only what differs from nothing at all is written out, so that thousands of pipes stay small. Pure.
 */
export function datasetFigures(contract: Contract, batches: readonly JudgedBatch[]): DatasetFigures {
  const known = testTerms(contract)
  const byRule = new Map(known.map(terms => [terms.rule, terms]))
  const figures = batches.flatMap(batch => [...rowFigures(batch, byRule), ...checkFigures(contract, batch)])
  const asked = new Set(figures.map(({ rule }) => rule))
  const never = known
    .filter(({ rule, everywhere }) => !everywhere && !asked.has(rule))
    .map(({ rule }): BatchFigure => ({ pipe: '', rule, failed: 0, verdict: 'unchecked' }))
  const others = [...asked]
    .filter(rule => !byRule.has(rule))
    .map(rule => ({ ...otherTerms(rule), ...limitsOf(rule, contract) }))
  return {
    tests: [...known, ...others],
    batches: batches.map(({ pipe, rows, verdict }) => ({
      pipe,
      rows,
      verdict: verdict.verdict,
      otherwise: isUnseen(verdict) ? 'unchecked' : 'pass',
    })),
    figures: [...figures, ...never],
  }
}

/** Ids of everything that a contract asks of rows and batches. */
export function testIds(contract: Contract): string[] {
  return testTerms(contract).map(({ rule }) => rule)
}

/** What a contract asks: the gate, its rules in the order in which they are tested, what a run itself refuses, and its batch checks. */
function testTerms(contract: Contract): TestTerms[] {
  const severities = new Map(contract.rules.map(({ id, severity }) => [id, severity]))
  const outOfReach = new Set(contract.layer === 'silver' ? [] : contract.rules.filter(isReference).map(({ id }) => id))
  const ownRules = contract.layer === 'gold' ? ['key:unique'] : ['unreadable', ...conflictRule(contract)]
  const rules = [...ruleIds(contract), ...ownRules].map(
    (rule): TestTerms => ({
      ...{ rule, kind: 'rule', severity: severities.get(rule) ?? 'error', everywhere: !outOfReach.has(rule) },
      ...limitsOf(rule, contract),
    }),
  )
  const gate: TestTerms = {
    rule: ANY_RULE,
    kind: 'gate',
    severity: 'error',
    everywhere: true,
    ...limitsOf(ANY_RULE, contract),
  }
  return [gate, ...rules, ...contract.checks.map(checkTerms)]
}

/** Gold is derived: nothing in it is looked up in the reference tables. */
function isReference({ test }: Contract['rules'][number]): boolean {
  return test.kind === 'reference'
}

function conflictRule({ merge }: Contract): string[] {
  return merge.policy === 'latest' ? [] : ['conflict']
}

function limitsOf(rule: string, { thresholds }: Contract): Pick<TestTerms, 'maxShare' | 'maxRows'> {
  const own = thresholds.filter(threshold => threshold.rule === rule)
  const shares = own.flatMap(({ maxShare }) => maxShare ?? [])
  const rows = own.flatMap(({ maxRows }) => maxRows ?? [])
  return {
    ...(shares.length > 0 && { maxShare: Math.min(...shares) }),
    ...(rows.length > 0 && { maxRows: Math.min(...rows) }),
  }
}

function checkTerms({ id, severity, unit, must }: Check): TestTerms {
  const operator = `must${must.op.charAt(0).toUpperCase()}${must.op.slice(1)}`
  return { rule: id, kind: 'check', severity, everywhere: false, unit, operator, ...operands(must) }
}

function operands(must: Operator): Pick<TestTerms, 'limitLow' | 'limitHigh'> {
  if ('low' in must) return { limitLow: must.low, limitHigh: must.high }
  const isLowest = must.op === 'beGreaterThan' || must.op === 'beGreaterOrEqualTo'
  const isHighest = must.op === 'beLessThan' || must.op === 'beLessOrEqualTo'
  return { ...(!isHighest && { limitLow: must.value }), ...(!isLowest && { limitHigh: must.value }) }
}

/** What a contract does not name: rows that took another's place or say something else than was known, a model that failed, a breaker. */
function otherTerms(rule: string): TestTerms {
  if (rule === 'replaced' || RESTATED_RULES.includes(rule))
    return { rule, kind: 'count', severity: 'warn', everywhere: false }
  return { rule, kind: UNSEEN.includes(rule) ? 'gate' : 'rule', severity: 'error', everywhere: false }
}

function isUnseen({ findings }: Verdict): boolean {
  return findings.some(({ rule }) => UNSEEN.includes(rule))
}

/** Rules that rows broke, and limits that were broken. */
function rowFigures(
  { pipe, inError, broken, verdict }: JudgedBatch,
  known: ReadonlyMap<string, TestTerms>,
): BatchFigure[] {
  const counts = new Map([...broken].filter(([, rows]) => rows > 0))
  if (inError > 0) counts.set(ANY_RULE, inError)
  const { checks = {} } = verdict
  for (const { rule } of verdict.findings) if (!(rule in checks) && !counts.has(rule)) counts.set(rule, 0)
  return [...counts].map(([rule, failed]) => ({
    pipe,
    rule,
    failed,
    verdict: rowVerdict(rule, failed, verdict, known),
  }))
}

/** `fail`: it holds the batch. `warn`: rows broke it, as far as that is allowed. */
function rowVerdict(
  rule: string,
  failed: number,
  { findings }: Verdict,
  known: ReadonlyMap<string, TestTerms>,
): TestVerdict {
  if (findings.some(finding => finding.rule === rule && finding.severity !== 'warn')) return 'fail'
  return failed > 0 && (known.get(rule) ?? otherTerms(rule)).kind !== 'count' ? 'warn' : 'pass'
}

function checkFigures(contract: Contract, { pipe, verdict }: JudgedBatch): BatchFigure[] {
  const { checks = {}, findings } = verdict
  return contract.checks
    .filter(({ id }) => id in checks)
    .map(({ id }) => {
      const value = checks[id] ?? null
      if (value === null) return { pipe, rule: id, failed: 0, verdict: 'unchecked' as const }
      const broken = findings.find(finding => finding.rule === id)
      const found = broken === undefined ? 'pass' : broken.severity === 'warn' ? 'warn' : 'fail'
      return { pipe, rule: id, failed: 0, value, verdict: found as TestVerdict }
    })
}
