import { durationMs } from '../../core/duration.js'
import type { Contract } from '../contract.js'
import { type ContractChange, type Grade, type Renames, renamed, UNGRADED } from './change.js'
import type { SqlComparison } from './compare-sql.js'

/** What happened to the terms of a contract beside its columns and tests: key, times, merge policy, grain, calendar, words. */
export async function diffTerms(
  before: Contract,
  after: Contract,
  renames: Renames,
  sql: SqlComparison,
): Promise<ContractChange[]> {
  const nameOf = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : renamed([name], renames)[0]
  const shape = (
    subject: string,
    old: string | undefined,
    now: string | undefined,
    reason: string,
  ): ContractChange[] =>
    old === now ? [] : [{ subject, grade: 'breaking', about: 'shape', before: old, after: now, reason }]
  return [
    ...shape('dataset', before.dataset, after.dataset, 'another dataset: whoever names the table fails'),
    ...shape('layer', before.layer, after.layer, 'the table stands in another layer: whoever names it fails'),
    ...keyChanges(renamed(before.primaryKey, renames), after.primaryKey),
    ...shape('event time', nameOf(before.eventTime), after.eventTime, 'rows stand at other times, in other partitions'),
    ...shape('partition grain', before.partition, after.partition, 'the table is cut otherwise: it needs a new one'),
    ...shape('merge policy', before.merge.policy, after.merge.policy, 'another row of a key stands, or all of them'),
    ...shape('merge order', nameOf(before.merge.orderBy), after.merge.orderBy, 'another row of a key stands'),
    ...shape('vintage', nameOf(before.vintage), after.vintage, 'rows are known since another time'),
    ...(await knowledge('publication rule', before.publication, after.publication, KNOWN, sql)),
    ...(await knowledge('rule of what is not final', before.notFinal, after.notFinal, FINAL, sql)),
    ...latenessChanges(before.allowedLateness, after.allowedLateness),
    ...calendarChanges(before.calendar, after.calendar),
    ...retentionChanges(before.retentionHours, after.retentionHours),
    ...held('breaker', before.breaker, after.breaker, 'when a pipe is held, not what its rows are'),
    ...held('series', before.series, after.series, 'what belongs together when restatements are told apart'),
    ...words('status', before.status, after.status),
    ...words('id', before.id, after.id),
    ...words('description', before.description, after.description),
    ...otherChanges(before, after),
  ]
}

const KNOWN = 'rows already published keep the time of knowledge that the old rule gave them: two meanings in one table'
const FINAL = 'other rows are left out until they are final'

function keyChanges(before: readonly string[], after: readonly string[]): ContractChange[] {
  const [old, now] = [before.join(', '), after.join(', ')]
  if (old === now) return []
  const base = { subject: 'key', about: 'shape' as const, before: old, after: now }
  const isReordered = [...before].sort().join() === [...after].sort().join()
  return isReordered
    ? [{ ...base, grade: 'compatible', reason: 'the same columns in another order: new files are sorted by it' }]
    : [{ ...base, grade: 'breaking', reason: 'what one row is has changed' }]
}

async function knowledge(
  subject: string,
  before: string | undefined,
  after: string | undefined,
  reason: string,
  sql: SqlComparison,
): Promise<ContractChange[]> {
  if (before === undefined && after === undefined) return []
  if (before !== undefined && after !== undefined && (await sql.same(before, after))) return []
  return [{ subject, grade: 'breaking', about: 'promise', before, after, reason }]
}

function latenessChanges(before: string | undefined, after: string | undefined): ContractChange[] {
  if (before === after) return []
  const [old, now] = [before, after].map(text => (text === undefined ? Number.POSITIVE_INFINITY : durationMs(text)))
  const base = { subject: 'allowed lateness', about: 'promise' as const, before, after }
  return now! <= old!
    ? [{ ...base, grade: 'compatible', reason: 'rows are expected earlier: more is promised' }]
    : [{ ...base, grade: 'breaking', reason: 'rows may come later than readers were told' }]
}

function calendarChanges(before: string | undefined, after: string | undefined): ContractChange[] {
  if (before === after) return []
  const base = { subject: 'calendar', about: 'promise' as const, before, after }
  return before === undefined
    ? [{ ...base, grade: 'compatible', reason: 'now says which sessions are expected' }]
    : [{ ...base, grade: 'breaking', reason: 'other sessions are expected' }]
}

/** Rows that are still there are what they were. */
function retentionChanges(before: number | undefined, after: number | undefined): ContractChange[] {
  if (before === after) return []
  const text = (hours: number | undefined) => (hours === undefined ? 'for ever' : `${hours} hours`)
  const isLonger = (after ?? Number.POSITIVE_INFINITY) > (before ?? Number.POSITIVE_INFINITY)
  const reason = `old rows go ${isLonger ? 'later' : 'sooner'}, when \`sluice expire\` is run`
  return [
    { subject: 'retention', grade: 'compatible', about: 'promise', before: text(before), after: text(after), reason },
  ]
}

/** Terms that say how a batch is judged, and nothing of rows that are published. */
function held(subject: string, before: unknown, after: unknown, reason: string): ContractChange[] {
  const [old, now] = [JSON.stringify(before), JSON.stringify(after)]
  return old === now ? [] : [{ subject, grade: 'none', about: 'text', before: old, after: now, reason }]
}

function words(subject: string, before: string, after: string): ContractChange[] {
  const reason = 'words for people: no change for readers of rows'
  return before === after ? [] : [{ subject, grade: 'none', about: 'text', before, after, reason }]
}

/** What is compared above and in the files beside it, and what says nothing of rows. */
const GRADED: ReadonlySet<string> = new Set([
  ...['id', 'dataset', 'layer', 'version', 'status', 'description', 'columns', 'primaryKey', 'eventTime', 'partition'],
  ...['merge', 'vintage', 'publication', 'notFinal', 'rules', 'checks', 'thresholds', 'allowedLateness', 'calendar'],
  ...['retentionHours', 'breaker', 'series', 'hash', 'file', 'sqlPlaces'],
])

/** A term that no grading knows is not passed over: it is shown, and counts as breaking. */
function otherChanges(before: Contract, after: Contract): ContractChange[] {
  const [old, now] = [before, after] as unknown as Record<string, unknown>[]
  const keys = [...new Set([...Object.keys(old!), ...Object.keys(now!)])].filter(key => !GRADED.has(key)).sort()
  return keys.flatMap(key => {
    const [was, is] = [JSON.stringify(old![key]), JSON.stringify(now![key])]
    const grade: Grade = 'breaking'
    return was === is
      ? []
      : [{ subject: key, grade, about: 'promise' as const, before: was, after: is, reason: UNGRADED }]
  })
}
