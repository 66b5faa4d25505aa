import type { Check, Contract, DetectorTest, ReferenceTest, Rule, Severity, Threshold } from '../contract.js'
import { detectorText, operatorText } from '../describe.js'
import { type ContractChange, type Grade, type Relation, type Renames, renamed, UNGRADED } from './change.js'
import { compareOperators } from './compare-operators.js'
import type { SqlComparison } from './compare-sql.js'
import { OLD_ROWS } from './diff-columns.js'

/** What happened to rules, checks and thresholds. */
export async function diffTests(
  before: Contract,
  after: Contract,
  renames: Renames,
  sql: SqlComparison,
): Promise<ContractChange[]> {
  const idOf = (id: string): string => newId(id, renames)
  const rules = pairs(
    before.rules,
    after.rules,
    rule => idOf(rule.id),
    rule => rule.id,
  )
  const checks = pairs(
    before.checks,
    after.checks,
    check => idOf(check.id),
    check => check.id,
  )
  const limits = pairs(
    before.thresholds,
    after.thresholds,
    limit => idOf(limit.rule),
    limit => limit.rule,
  )
  const changes: ContractChange[] = []
  for (const pair of rules) changes.push(...(await ruleChanges(pair, renames, sql)))
  for (const pair of checks) changes.push(...(await checkChanges(pair, renames, sql)))
  return [...changes, ...limits.flatMap(thresholdChanges)]
}

interface Pair<Item> {
  readonly id: string
  readonly before: Item | undefined
  readonly after: Item | undefined
}

/** Items of both lists by their ids, in the order of the newer one; those that are gone come last. */
function pairs<Item>(
  before: readonly Item[],
  after: readonly Item[],
  oldId: (item: Item) => string,
  newIdOf: (item: Item) => string,
): Pair<Item>[] {
  const old = new Map(before.map(item => [oldId(item), item]))
  const now = new Map(after.map(item => [newIdOf(item), item]))
  const ids = new Set([...now.keys(), ...old.keys()])
  return [...ids].map(id => ({ id, before: old.get(id), after: now.get(id) }))
}

/** Rules of a column hold its name: `minimum:price`. */
function newId(id: string, renames: Renames): string {
  const [kind, column] = id.split(':')
  const name = column === undefined ? undefined : renames.get(column)
  return name === undefined ? id : `${kind}:${name}`
}

async function ruleChanges(
  { id, before, after }: Pair<Rule>,
  renames: Renames,
  sql: SqlComparison,
): Promise<ContractChange[]> {
  const subject = `rule ${id}`
  const texts = { before: before && ruleText(before), after: after && ruleText(after) }
  if (before === undefined || after === undefined) {
    const { severity } = (before ?? after)!
    return [{ subject, about: 'promise', ...texts, ...presence(after !== undefined, keepsOut(severity)) }]
  }
  const changes = severityChanges(subject, before.severity, after.severity)
  if (isAliasAlone(before.test, after.test, renames)) {
    const reason = 'what symbols of sources become: the column holds ids of the same table as before'
    return [...changes, { subject, grade: 'compatible', about: 'promise', ...texts, reason }]
  }
  const relation = await testRelation(before.test, after.test, renames, sql)
  const isSilent = before.severity === 'warn' && after.severity === 'warn'
  if (relation !== 'same')
    changes.push({ subject, about: 'promise', ...texts, ...(isSilent ? ONLY_COUNTED : graded(relation)) })
  return changes.length > 0 ? changes : words(id, subject, before.description, after.description)
}

async function testRelation(
  before: Rule['test'],
  after: Rule['test'],
  renames: Renames,
  sql: SqlComparison,
): Promise<Relation> {
  if (before.kind === 'expression' && after.kind === 'expression') return sql.conditions(before.sql, after.sql)
  if (before.kind === 'detector' && after.kind === 'detector') return detectorRelation(before, after, renames)
  if (before.kind !== 'reference' || after.kind !== 'reference') return 'unknown'
  return referenceText(before, renames) === referenceText(after) && aliasOf(before, renames) === aliasOf(after)
    ? 'same'
    : 'unknown'
}

/** Whether a threshold that moved lets more or less pass, only the detector knows. */
function detectorRelation(before: DetectorTest, after: DetectorTest, renames: Renames): Relation {
  const named = (value: unknown): unknown => (typeof value === 'string' ? renamed([value], renames)[0] : value)
  const old = Object.entries(before.arguments).map(
    ([name, value]) => [name, Array.isArray(value) ? value.map(named) : named(value)] as const,
  )
  // The contract that the lake keeps has them in another order.
  const text = (name: string, given: readonly (readonly [string, unknown])[]): string =>
    JSON.stringify([name, Object.entries(Object.fromEntries(given)).sort(([a], [b]) => (a < b ? -1 : 1))])
  const same = text(before.name, old) === text(after.name, Object.entries(after.arguments))
  return same ? 'same' : 'unknown'
}

function isAliasAlone(before: Rule['test'], after: Rule['test'], renames: Renames): boolean {
  if (before.kind !== 'reference' || after.kind !== 'reference') return false
  return referenceText(before, renames) === referenceText(after) && aliasOf(before, renames) !== aliasOf(after)
}

const NO_RENAMES: Renames = new Map()

function referenceText({ column, table, target }: ReferenceTest, renames = NO_RENAMES): string {
  return `${renamed([column], renames)[0]} ${table}.${target}`
}

function aliasOf({ aliasSource }: ReferenceTest, renames = NO_RENAMES): string | undefined {
  return aliasSource === undefined ? undefined : renamed([aliasSource], renames)[0]
}

async function checkChanges(
  { id, before, after }: Pair<Check>,
  renames: Renames,
  sql: SqlComparison,
): Promise<ContractChange[]> {
  const subject = `check ${id}`
  const texts = { before: before && checkText(before), after: after && checkText(after) }
  if (before === undefined || after === undefined) {
    const { severity } = (before ?? after)!
    return [{ subject, about: 'promise', ...texts, ...presence(after !== undefined, keepsOut(severity)) }]
  }
  const changes = severityChanges(subject, before.severity, after.severity)
  const sameFigure = before.unit === after.unit && (await isSameFigure(before, after, renames, sql))
  const relation = sameFigure ? compareOperators(before.must, after.must) : 'unknown'
  const isSilent = before.severity === 'warn' && after.severity === 'warn'
  if (relation !== 'same')
    changes.push({ subject, about: 'promise', ...texts, ...(isSilent ? ONLY_COUNTED : graded(relation)) })
  return changes.length > 0 ? changes : words(id, subject, before.description, after.description)
}

/** The limit of a detector stands among its arguments too, and is compared as that of any check. */
async function isSameFigure(before: Check, after: Check, renames: Renames, sql: SqlComparison): Promise<boolean> {
  if (before.detector === undefined && after.detector === undefined) return sql.same(before.sql, after.sql)
  if (before.detector === undefined || after.detector === undefined) return false
  return detectorRelation(withoutLimit(before.detector), withoutLimit(after.detector), renames) === 'same'
}

function withoutLimit({ arguments: values, ...test }: DetectorTest): DetectorTest {
  const isLimit = (name: string): boolean => LIMITS.includes(name)
  return { ...test, arguments: Object.fromEntries(Object.entries(values).filter(([name]) => !isLimit(name))) }
}

const LIMITS = ['min_percent', 'max_sessions', 'max_psi']

/** Readers see whether something is kept out, not whether it is held or also opens a breaker. */
function severityChanges(subject: string, before: Severity, after: Severity): ContractChange[] {
  if (before === after) return []
  const of = { subject: `severity of ${subject}`, before, after }
  if (keepsOut(before) !== keepsOut(after))
    return [{ ...of, about: 'promise', ...graded(keepsOut(after) ? 'tighter' : 'looser') }]
  return [{ ...of, about: 'text', grade: 'none', reason: 'as much is kept out as before' }]
}

function keepsOut(severity: Severity | undefined): boolean {
  return severity !== 'warn'
}

function thresholdChanges({ id, before, after }: Pair<Threshold>): ContractChange[] {
  const relation = compareThresholds(before, after)
  if (relation === 'same') return []
  const texts = { before: before && thresholdText(before), after: after && thresholdText(after) }
  return [{ subject: `threshold of ${id}`, about: 'promise', ...texts, ...graded(relation) }]
}

function compareThresholds(before: Threshold | undefined, after: Threshold | undefined): Relation {
  const figure = (limit: Threshold | undefined, of: 'maxShare' | 'maxRows'): number =>
    (keepsOut(limit?.severity) ? limit?.[of] : undefined) ?? Number.POSITIVE_INFINITY
  const order = (['maxShare', 'maxRows'] as const).map(of => Math.sign(figure(after, of) - figure(before, of) || 0))
  if (order.every(sign => sign === 0)) return 'same'
  if (order.every(sign => sign <= 0)) return 'tighter'
  return order.every(sign => sign >= 0) ? 'looser' : 'unknown'
}

type Graded = { readonly grade: Grade; readonly reason: string }

const ONLY_COUNTED: Graded = { grade: 'compatible', reason: 'a warning: it counts rows and keeps none out' }

function presence(isNew: boolean, isError: boolean): Graded {
  if (!isError) return ONLY_COUNTED
  return isNew
    ? { grade: 'compatible', reason: `new: more is promised. ${OLD_ROWS}` }
    : { grade: 'breaking', reason: 'removed: readers who rely on it will find what it kept out' }
}

function graded(relation: Relation): Graded {
  if (relation === 'unknown') return { grade: 'breaking', reason: UNGRADED }
  return relation === 'looser'
    ? { grade: 'breaking', reason: 'loosened: readers will find what was kept out before' }
    : { grade: 'compatible', reason: `tightened: more is promised. ${OLD_ROWS}` }
}

/** A rule of a column that has no id of its own is described by us. */
function words(id: string, subject: string, before: string, after: string): ContractChange[] {
  if (before === after || id.includes(':')) return []
  const reason = 'words for people: no change for readers of rows'
  return [{ subject: `description of ${subject}`, grade: 'none', about: 'text', before, after, reason }]
}

function ruleText({ severity, test }: Rule): string {
  if (test.kind === 'expression') return `${test.sql} (${severity})`
  if (test.kind === 'detector') return `${detectorText(test)} (${severity})`
  const alias = test.aliasSource === undefined ? '' : `, or a symbol of ${test.aliasSource}`
  return `${test.column} in ${test.table}.${test.target}${alias} (${severity})`
}

function checkText({ severity, sql, must, unit, detector }: Check): string {
  return `${detector === undefined ? sql : detectorText(detector)} ${operatorText(must)}${unit === 'percent' ? ' %' : ''} (${severity})`
}

function thresholdText({ maxShare, maxRows, severity }: Threshold): string {
  const parts = [maxShare === undefined ? [] : [`share ${maxShare}`], maxRows === undefined ? [] : [`${maxRows} rows`]]
  return `${parts.flat().join(' or ')}${keepsOut(severity) ? '' : ' (warn)'}`
}
