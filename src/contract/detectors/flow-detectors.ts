import {
  before,
  column,
  columns,
  has,
  hasMoved,
  look,
  lookBefore,
  looking,
  number,
  plainLook,
  ROW_ALONE,
  rows,
  type SeriesDetector,
  threshold,
  type Use,
  VALUE,
  WHERE,
} from './detector.js'

export const staleValue: SeriesDetector = {
  name: 'stale_value',
  shape: 'series',
  catches: 'A run of equal values in a series that used to move: a cache, a feed that repeats its last answer.',
  passes: 'A peg, or an illiquid share, which did not move before either. Fewer equal values than the run.',
  parameters: {
    value: VALUE,
    run: { kind: 'integer', default: 5, min: 2, max: 50, doc: 'How many equal values in a row.' },
    lookback: {
      kind: 'integer',
      default: 20,
      min: 2,
      max: 500,
      doc: 'How many rows before the run say whether it used to move.',
    },
    activity: { kind: 'number', default: 0.5, min: 0, max: 1, doc: 'Share of these rows that must have moved.' },
    where: WHERE,
  },
  looks: use => ({
    ...lookBefore(use, 'value'),
    ...looking(use, 'lag', 'value', threshold(use, 'run') - 1),
  }),
  reach: use => ({ finds: 0, sees: threshold(use, 'run') + threshold(use, 'lookback') }),
  screen: use =>
    `${column(use, 'value')} = ${plainLook(use, 'lag', 'value')} AND ${column(use, 'value')} = ${plainLook(use, 'lag', 'value', threshold(use, 'run') - 1)}`,
  sql: use => {
    const value = number(use, 'value')
    const run = rows(1 - threshold(use, 'run'), 0)
    const earlier = rows(-threshold(use, 'run') - threshold(use, 'lookback') + 1, -threshold(use, 'run'))
    const moved = `avg(CASE WHEN ${value} <> ${before(use, 'value')} THEN 1 WHEN ${value} = ${before(use, 'value')} THEN 0 END) ${earlier}`
    return `${value} = ${back(use)} AND min(${value}) ${run} = max(${value}) ${run}
      AND count(${value}) ${earlier} >= 2 AND ${moved} >= ${threshold(use, 'activity')}`
  },
}

function back(use: Use): string {
  return look(use, 'lag', 'value', threshold(use, 'run') - 1)
}

export const volumeAnomaly: SeriesDetector = {
  name: 'volume_anomaly',
  shape: 'series',
  catches:
    'A volume many times the usual one that comes at a jump; no volume in a bar whose prices moved. Often news: let it warn.',
  passes: 'A busy day; a bar without trades that did not move.',
  parameters: {
    volume: { ...VALUE, default: 'volume', doc: 'Units traded.' },
    high: { ...VALUE, optional: true, doc: 'Highest price; with the lowest it says whether a bar moved.' },
    low: { ...VALUE, optional: true, doc: 'Lowest price.' },
    window: {
      kind: 'integer',
      default: 20,
      min: 2,
      max: 500,
      doc: 'How many rows before it say what is usual: their median.',
    },
    factor: {
      kind: 'number',
      default: 20,
      min: 1,
      doc: 'How many times the usual volume. A quarter of it must come at once.',
    },
    where: WHERE,
  },
  looks: use => lookBefore(use, 'volume'),
  reach: use => ({ finds: 0, sees: threshold(use, 'window') }),
  screen: use => [isSurge(use), ...silent(use)].join(' OR '),
  sql: use => {
    const volume = number(use, 'volume')
    const usual = `median(CASE WHEN ${volume} > 0 THEN ${volume} END) ${rows(-threshold(use, 'window'), -1)}`
    return [`(${isSurge(use)} AND ${volume} > ${threshold(use, 'factor')} * ${usual})`, ...silent(use)].join(' OR ')
  },
}

function isSurge(use: Use): string {
  const times = threshold(use, 'factor') / 4
  const surge = `${number(use, 'volume')} > ${times} * ${before(use, 'volume')}`
  return `CASE WHEN ${hasMoved(use, 'volume', times - 1)} THEN ${surge} ELSE false END`
}

function silent(use: Use): string[] {
  if (!has(use, 'high') || !has(use, 'low')) return []
  return [`(${column(use, 'volume')} = 0 AND ${column(use, 'high')} <> ${column(use, 'low')})`]
}

export const valueGap: SeriesDetector = {
  name: 'value_gap',
  shape: 'series',
  catches: 'An empty value between others of its series.',
  passes:
    'Empty values before the first and after the last of a series: the ends of its validity, as of the rouble in the tables of NBP after 2022-03-08.',
  parameters: { value: VALUE, where: WHERE },
  looks: use => ({
    ...lookBefore(use, 'value'),
    ...looking(use, 'lead', 'value'),
  }),
  screen: isGap,
  sql: isGap,
}

function isGap(use: Use): string {
  return `${column(use, 'value')} IS NULL AND ${plainLook(use, 'lag', 'value')} IS NOT NULL AND ${plainLook(use, 'lead', 'value')} IS NOT NULL`
}

export const reconciliation: SeriesDetector = {
  name: 'reconciliation',
  shape: 'series',
  catches:
    'Two sources that state one thing differently, or one of them upside down. Every row of the disagreement is found: which is right, nobody knows.',
  passes: 'Sources within the tolerance; a thing that one source alone states.',
  parameters: {
    value: VALUE,
    by: { kind: 'columns', doc: 'Columns that say what is stated: rows that agree in them state one thing.' },
    tolerance: {
      kind: 'number',
      default: 0.01,
      min: 0,
      max: 10,
      doc: 'Share by which the largest value may exceed the smallest.',
    },
    where: WHERE,
  },
  acrossSeries: true,
  ...ROW_ALONE,
  screen: disagrees,
  sql: disagrees,
}

function disagrees(use: Use): string {
  const value = number(use, 'value')
  const same = `OVER (PARTITION BY ${columns(use, 'by').join(', ')})`
  return `max(${value}) ${same} - min(${value}) ${same} > ${threshold(use, 'tolerance')} * abs(min(${value}) ${same})`
}

export const conflictingDuplicate: SeriesDetector = {
  name: 'conflicting_duplicate',
  shape: 'series',
  catches:
    'Rows that are one thing by some columns and say different things: an action that is reported twice with two amounts.',
  passes:
    'The same said twice. Rows of one key are not for it: the merge policy decides them, and files what differs as `conflict`.',
  parameters: {
    by: { kind: 'columns', doc: 'Columns that say what a row is about.' },
    values: { kind: 'columns', doc: 'Columns that must then be equal.' },
    where: WHERE,
  },
  acrossSeries: true,
  ...ROW_ALONE,
  screen: differs,
  sql: differs,
}

function differs(use: Use): string {
  const content = `hash(${columns(use, 'values').join(', ')})`
  const same = `OVER (PARTITION BY ${columns(use, 'by').join(', ')})`
  return `min(${content}) ${same} <> max(${content}) ${same}`
}
