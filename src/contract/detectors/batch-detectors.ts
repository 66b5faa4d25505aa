import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import {
  type BatchDetector,
  before,
  keptSql,
  lookBefore,
  NEVER_CLOSED,
  number,
  type ReceivedColumn,
  type RecordDetector,
  type SlotColumn,
  STEP_SECONDS,
  STEPS,
  threshold,
  thresholds,
  type Use,
  VALUE,
  WHERE,
} from './detector.js'

export const completeness: BatchDetector = {
  name: 'completeness',
  shape: 'batch',
  unit: 'percent',
  catches:
    'Fewer rows in a batch than the calendar and the cadence ask for, from the last that is published of each series, or its first, to its last.',
  passes:
    'Weekends, holidays, breaks and half days of the calendar; bars before the open and after the close; a series that ended, or began later.',
  parameters: {
    step: {
      kind: 'step',
      default: '1d',
      doc: `The cadence: ${STEPS.join(', ')}, or the name of a column that says it. Days are sessions, and shorter steps are windows within them, the last of a session cut short by its close: an instrument without a calendar is not counted. Bars may begin at the clock or at the open.`,
    },
    min_percent: { kind: 'number', default: 95, min: 0, max: 100, doc: 'Least share of the expected rows.' },
    beside: {
      kind: 'dataset',
      optional: true,
      doc: 'Of a table that a model derives: another dataset, of silver, whose rows of the same series count as there.',
    },
    where: WHERE,
  },
  sessions: true,
  slot: withinSessions,
  derived: true,
  // Of rows of one slot, those of the batch come first: they count once, and what is missing before them too.
  looks: use => ({
    [slotBefore(use)]:
      `lag(${slot(use)}) OVER (PARTITION BY _batch, _series ORDER BY ${slot(use)} NULLS LAST, _fresh DESC)`,
  }),
  // What is published is not counted again: years of it would hide what this batch lacks.
  ofSeries: use => {
    const step = `${slot(use)} - ${quoteIdent(slotBefore(use))}`
    const isNew = `_fresh AND ${slot(use)} IS NOT NULL AND coalesce(${step} > 0, true)`
    return {
      have: `count(*) FILTER (WHERE ${isNew})`,
      missing: `sum(${step} - 1) FILTER (WHERE ${isNew})`,
    }
  },
  figure: (_use, part) => {
    const [have, missing] = [`sum(${part('have')})`, `coalesce(sum(${part('missing')}), 0)`]
    return `100.0 * ${have} / nullif(${have} + ${missing}, 0)`
  },
  limit: use => ({ op: 'beGreaterOrEqualTo', value: threshold(use, 'min_percent') }),
}

const DAY_AND_NIGHT = `_calendar IN (${NEVER_CLOSED.map(quoteText).join(', ')})`

/** A column of its own for each use, whatever else a contract asks for. */
function slotBefore({ arguments: asked }: Use): string {
  return `_before ${JSON.stringify(asked)}`
}

/** The number of the step in which a row lies; NULL for a row that is not counted. */
function slot(use: Use): string {
  const at = `${quoteIdent(use.terms.eventTime)}::TIMESTAMPTZ`
  const months = `datediff('month', TIMESTAMP '1970-01-01', timezone('UTC', ${at}))`
  const since = (seconds: number): string => `epoch_us(${at}) // ${seconds * 1_000_000}`
  const of = (name: string): string => {
    if (name === '1d') return '_session'
    if (name === '1mo') return months
    const seconds = STEP_SECONDS[name]!
    if (seconds > DAY) return since(seconds)
    return `CASE WHEN ${DAY_AND_NIGHT} THEN ${since(seconds)} ELSE ${quoteIdent(slotName(use))} END`
  }
  const { beside } = use.arguments
  const own = beside === undefined ? '_beside IS NULL' : `(_beside IS NULL OR _beside = ${quoteText(String(beside))})`
  const kept = use.terms.derived ? `${own} AND ${keptSql(use)}` : keptSql(use)
  return `CASE WHEN ${kept} THEN ${byStep(use, of)} END`
}

const DAY = 86_400

function withinSessions(use: Use): SlotColumn {
  const of = (name: string): string | undefined => {
    const seconds = STEP_SECONDS[name]
    return seconds === undefined || seconds >= DAY ? undefined : String(seconds)
  }
  return { name: slotName(use), secondsSql: byStep(use, of) }
}

function slotName(use: Use): string {
  return `_slot_${String(use.arguments['step'])}`
}

/** What there is for the step of a row: a cadence, or what its column says. */
function byStep(use: Use, of: (step: string) => string | undefined): string {
  const step = String(use.arguments['step'])
  if (STEPS.includes(step)) return of(step) ?? 'NULL'
  const cases = STEPS.flatMap(name => (of(name) === undefined ? [] : [`WHEN '${name}' THEN ${of(name)}`]))
  return `CASE ${quoteIdent(step)} ${cases.join(' ')} END`
}

export const freshness: BatchDetector = {
  name: 'freshness',
  shape: 'batch',
  unit: 'rows',
  catches:
    'A pipe whose newest row is older, when it was received, than so many sessions, or than latency and frequency in slaProperties allow: weekends and holidays do not age anything.',
  passes: 'Friday on a Monday morning. A session that is not over yet.',
  parameters: {
    max_sessions: {
      kind: 'integer',
      default: 3,
      min: 0,
      ofSla: 'sessions',
      doc: 'How many sessions may have ended since the newest row. With slaProperties: the whole days of the latency (3 without one), and the days of the frequency beyond the first.',
    },
    after_hours: {
      kind: 'number',
      default: 0,
      min: 0,
      ofSla: 'hours',
      doc: 'How many hours after its end a session does not count yet. With slaProperties: the hours of the latency beyond whole days.',
    },
    where: WHERE,
  },
  sessions: true,
  received,
  ofSeries: use => ({
    age: `min(${quoteIdent(received(use).name)} - CASE WHEN _calendar IS NULL THEN epoch_us(${quoteIdent(use.terms.eventTime)}::TIMESTAMPTZ) // 86400000000 ELSE _session END) FILTER (WHERE _fresh AND ${keptSql(use)})`,
  }),
  figure: (_use, part) => `greatest(min(${part('age')}), 0)`,
  limit: use => ({ op: 'beLessOrEqualTo', value: threshold(use, 'max_sessions') }),
}

function received(use: Use): ReceivedColumn {
  const hours = threshold(use, 'after_hours')
  return { name: `_received_session_${hours}`, hours }
}

export const distributionShift: BatchDetector = {
  name: 'distribution_shift',
  shape: 'batch',
  unit: 'rows',
  catches:
    'Changes from row to row that are of other sizes than those published before: their population stability index (PSI) over classes of size. 0.25 is called a major shift.',
  passes: 'Another level with the same changes: prices grow. A batch, or a past, of too few rows to say.',
  parameters: {
    value: VALUE,
    edges: {
      kind: 'numbers',
      default: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3],
      min: 0,
      doc: 'Edges of the classes: sizes of a change as a share of the value before.',
    },
    max_psi: { kind: 'number', default: 1, min: 0, doc: 'Largest index.' },
    min_rows: {
      kind: 'integer',
      default: 50,
      min: 1,
      doc: 'Fewest rows of the batch, and of the past, that say something.',
    },
    where: WHERE,
  },
  looks: use => lookBefore(use, 'value'),
  ofSeries: use =>
    Object.fromEntries([
      ...classesOf(use).flatMap((condition, at) => [
        [`new_${at}`, `count(*) FILTER (WHERE _fresh AND ${keptSql(use)} AND ${condition})`],
        [`old_${at}`, `count(*) FILTER (WHERE NOT _fresh AND ${keptSql(use)} AND ${condition})`],
      ]),
    ]),
  figure: (use, part) => {
    const classes = classesOf(use).map((_, at) => at)
    const all = (of: string): string => `(${classes.map(at => `sum(${part(`${of}_${at}`)})`).join(' + ')})`
    // Half a row in each class keeps an empty one from being infinitely far away.
    const share = (of: string, at: number): string =>
      `((sum(${part(`${of}_${at}`)}) + 0.5) / (${all(of)} + ${classes.length / 2}))`
    const parts = classes.map(
      at => `(${share('new', at)} - ${share('old', at)}) * ln(${share('new', at)} / ${share('old', at)})`,
    )
    return `CASE WHEN least(${all('new')}, ${all('old')}) >= ${threshold(use, 'min_rows')} THEN ${parts.join(' + ')} END`
  },
  limit: use => ({ op: 'beLessOrEqualTo', value: threshold(use, 'max_psi') }),
}

function classesOf(use: Use): string[] {
  const size = `abs(${number(use, 'value')} / nullif(${before(use, 'value')}, 0) - 1)`
  const edges = [...thresholds(use, 'edges')].sort((a, b) => a - b)
  return [
    `${size} < ${edges[0]}`,
    ...edges.map((edge, at) =>
      at + 1 < edges.length ? `${size} >= ${edge} AND ${size} < ${edges[at + 1]}` : `${size} >= ${edge}`,
    ),
  ]
}

export const missingField: BatchDetector = {
  name: 'missing_field',
  shape: 'batch',
  unit: 'rows',
  catches:
    'A column that is empty in the whole batch though nearly all that is published of the same series has it: the feed dropped or renamed it.',
  passes: 'A column that was mostly empty before. A required column, which `required:<column>` judges row by row.',
  parameters: {
    columns: { kind: 'columns', doc: 'Columns that must not vanish.' },
    before_share: { kind: 'number', default: 0.9, min: 0, max: 1, doc: 'Share of the published rows that had it.' },
    where: WHERE,
  },
  ofSeries: use =>
    Object.fromEntries([
      ['fresh', `count(*) FILTER (WHERE _fresh AND ${keptSql(use)})`],
      ['past', `count(*) FILTER (WHERE NOT _fresh AND ${keptSql(use)})`],
      ...(use.arguments['columns'] as readonly string[]).flatMap((name, at) => [
        [`new_${at}`, `count(${quoteIdent(name)}) FILTER (WHERE _fresh AND ${keptSql(use)})`],
        [`old_${at}`, `count(${quoteIdent(name)}) FILTER (WHERE NOT _fresh AND ${keptSql(use)})`],
      ]),
    ]),
  figure: (use, part) => {
    const sum = (name: string): string => `sum(${part(name)})`
    const gone = (use.arguments['columns'] as readonly string[]).map(
      (_, at) =>
        `CASE WHEN ${sum('fresh')} > 0 AND ${sum(`new_${at}`)} = 0 AND ${sum('past')} > 0
          AND ${sum(`old_${at}`)} >= ${threshold(use, 'before_share')} * ${sum('past')} THEN 1 ELSE 0 END`,
    )
    return gone.join(' + ')
  },
  limit: () => ({ op: 'beLessOrEqualTo', value: 0 }),
}

export const addedField: RecordDetector = {
  name: 'added_field',
  shape: 'records',
  unit: 'rows',
  catches:
    'Fields that the contract does not know and that the records published before did not have: the feed grew. Let it warn.',
  passes: 'Unknown fields that were there before; the first batch of a dataset.',
  parameters: {},
  figure: () => 'count(DISTINCT field) FILTER (WHERE NOT isKnown)',
  limit: () => ({ op: 'beLessOrEqualTo', value: 0 }),
}
