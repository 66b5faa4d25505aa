import {
  before,
  has,
  hasMoved,
  look,
  lookBefore,
  looking,
  moveOf,
  number,
  rows,
  type SeriesDetector,
  threshold,
  thresholds,
  type Use,
  VALUE,
  WHERE,
} from './detector.js'

/** Median absolute deviations of a normal distribution are this much smaller than its standard deviation. */
const SIGMAS_PER_MAD = 1.4826

const MOVE = (value: number, doc: string) => ({ kind: 'number', default: value, min: 0, doc }) as const

export const badTick: SeriesDetector = {
  name: 'bad_tick',
  shape: 'series',
  catches: 'A value far from those before and from those after it, which are near each other: it jumps and comes back.',
  passes:
    'A jump that stays, however large: EUR/CHF on 2015-01-15, a crash, a split; one that comes back after days. A bar that reaches back to the level round it: it was traded. The newest value of a series: nobody knows yet whether it comes back. A value of zero or less, which `price_sign` judges.',
  parameters: {
    value: VALUE,
    high: {
      ...VALUE,
      optional: true,
      doc: 'Highest price of the bar; with the lowest, a bar that was traded is told from an error.',
    },
    low: { ...VALUE, optional: true, doc: 'Lowest price of the bar.' },
    window: {
      kind: 'integer',
      default: 5,
      min: 1,
      max: 100,
      doc: 'How many rows before, and after, give the two medians.',
    },
    longest: {
      kind: 'integer',
      default: 2,
      min: 1,
      max: 50,
      doc: 'How many rows it may last. The window must be twice as long, and one more.',
    },
    sigmas: MOVE(8, 'How far outside it must lie, in robust standard deviations of the changes round it.'),
    min_move: MOVE(0.1, 'And at least so far, as a share of the nearer median: a floor for series that hardly move.'),
    where: WHERE,
  },
  looks: use => ({
    ...lookBefore(use, 'value'),
    ...looking(use, 'lag', 'value', threshold(use, 'longest')),
    ...looking(use, 'lead', 'value', threshold(use, 'longest')),
  }),
  screen: isMove,
  moves: use => moveOf(use, 'value', threshold(use, 'min_move')),
  reach: use => ({ finds: threshold(use, 'longest'), sees: 2 * threshold(use, 'window') + 1 }),
  sql: use => {
    const value = number(use, 'value')
    const window = threshold(use, 'window')
    const past = `median(${value}) ${rows(-window, -1)}`
    const future = `median(${value}) ${rows(1, window)}`
    const change = `median(abs(${value} - ${before(use, 'value')})) ${rows(-2 * window, 2 * window)}`
    const distance = `least(abs(${value} - ${past}), abs(${value} - ${future}))`
    const ends = (['lag', 'lead'] as const).map(kind => look(use, kind, 'value', threshold(use, 'longest')))
    const [high, low] = has(use, 'high') && has(use, 'low') ? [number(use, 'high'), number(use, 'low')] : [value, value]
    return [
      `${value} > 0 AND ${past} > 0 AND ${future} > 0`,
      `(${value} - ${past}) * (${value} - ${future}) > 0`,
      `${distance} > ${threshold(use, 'min_move')} * least(${past}, ${future})`,
      `abs(${past} - ${future}) < 0.5 * ${distance}`,
      `${distance} > ${threshold(use, 'sigmas') * SIGMAS_PER_MAD} * ${change}`,
      ...ends.map(far => `coalesce(abs(${value} - ${far}) > 0.5 * ${distance}, true)`),
      `CASE WHEN ${value} > ${past} THEN ${low} - greatest(${past}, ${future}) ELSE least(${past}, ${future}) - ${high} END > 0.5 * ${distance}`,
    ].join(' AND ')
  },
}

export const largeMove: SeriesDetector = {
  name: 'large_move',
  shape: 'series',
  catches:
    'A change of one step that is large for its series. Most are news, spin-offs or crashes: made to be looked at, so let it warn.',
  passes: 'A change that is usual for the series, or that takes back the one before it.',
  parameters: {
    value: VALUE,
    window: { kind: 'integer', default: 20, min: 1, max: 500, doc: 'How many changes before it say what is usual.' },
    sigmas: MOVE(6, 'How large it must be, in robust standard deviations of the changes before it.'),
    min_move: MOVE(0.25, 'And at least so large, as a share of the value before.'),
    where: WHERE,
  },
  looks: use => ({ ...lookBefore(use, 'value'), ...looking(use, 'lag', 'value', 2) }),
  screen: isMove,
  moves: use => moveOf(use, 'value', threshold(use, 'min_move')),
  reach: use => ({ finds: 0, sees: threshold(use, 'window') + 1 }),
  sql: use => {
    const change = `abs(${number(use, 'value')} - ${before(use, 'value')})`
    const undone = `coalesce(abs(${number(use, 'value')} - ${look(use, 'lag', 'value', 2)}) < 0.5 * ${change}, false)`
    const usual = `median(${change}) ${rows(-threshold(use, 'window'), -1)}`
    return `${isMove(use)} AND NOT ${undone} AND ${change} > ${threshold(use, 'sigmas') * SIGMAS_PER_MAD} * coalesce(${usual}, 0)`
  },
}

function isMove(use: Use): string {
  return hasMoved(use, 'value', threshold(use, 'min_move'))
}

export const splitShape: SeriesDetector = {
  name: 'split_shape',
  shape: 'series',
  catches:
    'A step by the ratio of a common split that stays, with a gap between the bars: a split that is not in the prices.',
  passes:
    'A crash or a spin-off of another size; a fall in which the bar begins near the close before. A split in raw prices is right: let it warn.',
  parameters: {
    value: VALUE,
    high: { ...VALUE, optional: true, doc: 'Highest price of the bar: a fall that trades through is no split.' },
    low: { ...VALUE, optional: true, doc: 'Lowest price of the bar.' },
    ratios: {
      kind: 'numbers',
      default: [1.5, 2, 3, 4, 5, 10],
      min: 1.1,
      doc: 'New shares for one; the reverse is looked for too.',
    },
    tolerance: { kind: 'number', default: 0.03, min: 0, max: 0.2, doc: 'Share by which the step may miss the ratio.' },
    where: WHERE,
  },
  looks: use => ({
    ...lookBefore(use, 'value'),
    ...(has(use, 'high') ? lookBefore(use, 'high') : {}),
    ...(has(use, 'low') ? lookBefore(use, 'low') : {}),
    ...looking(use, 'lag', 'value', 2),
    ...looking(use, 'lead', 'value'),
  }),
  screen: isSplit,
  moves: use => moveOf(use, 'value', leastMove(leastSplit(use))),
  reach: () => ({ finds: 0, sees: 2 }),
  sql: isSplit,
}

function isSplit(use: Use): string {
  const step = logStep(number(use, 'value'), before(use, 'value'))
  const near = thresholds(use, 'ratios').map(
    ratio => `abs(abs(${step}) - ${Math.log(ratio)}) < ${threshold(use, 'tolerance')}`,
  )
  const after = look(use, 'lead', 'value')
  const calm = (to: string, from: string): string => `coalesce(abs(${logStep(to, from)}) < 0.5 * abs(${step}), true)`
  const stays = `${calm(after, number(use, 'value'))} AND ${calm(before(use, 'value'), look(use, 'lag', 'value', 2))}`
  const gap =
    has(use, 'high') && has(use, 'low')
      ? ` AND (${number(use, 'high')} < ${before(use, 'low')} OR ${number(use, 'low')} > ${before(use, 'high')})`
      : ''
  return whereStep(use, leastSplit(use), `(${near.join(' OR ')}) AND ${stays}${gap}`)
}

/** The smallest ratio that counts as a split. */
function leastSplit(use: Use): number {
  return Math.min(...thresholds(use, 'ratios')) * Math.exp(-threshold(use, 'tolerance'))
}

export const unappliedSplit: SeriesDetector = {
  name: 'unapplied_split',
  shape: 'series',
  catches:
    'In adjusted prices, a step by the ratio of a split that the same feed reports near it: one side of it was not adjusted.',
  passes: 'A reported split without a step, which is what adjusted prices should show.',
  parameters: {
    value: VALUE,
    split: { ...VALUE, doc: 'Ratio of a split on its day, else 0, 1 or empty.' },
    window: { kind: 'integer', default: 10, min: 0, max: 500, doc: 'How many rows away the split may be.' },
    tolerance: { kind: 'number', default: 0.03, min: 0, max: 0.2, doc: 'Share by which the step may miss the ratio.' },
    where: WHERE,
  },
  looks: use => lookBefore(use, 'value'),
  screen: use => whereStep(use, Math.exp(2 * threshold(use, 'tolerance')), 'true'),
  reach: use => ({ finds: 0, sees: threshold(use, 'window') }),
  sql: use => {
    const step = logStep(number(use, 'value'), before(use, 'value'))
    const split = number(use, 'split')
    const window = threshold(use, 'window')
    const size = `abs(ln(CASE WHEN ${split} > 0 THEN ${split} END))`
    const nearest = `max(${size}) ${rows(-window, window)}`
    const tolerance = threshold(use, 'tolerance')
    return `${nearest} > ${2 * tolerance} AND abs(abs(${step}) - ${nearest}) < ${tolerance}`
  },
}

/** A condition that is computed only where a value is at least so many times the one before it, or one over that: for few rows. */
export function whereStep(use: Use, least: number, condition: string): string {
  return `CASE WHEN ${hasMoved(use, 'value', leastMove(least))} THEN ${condition} ELSE false END`
}

/** How far a value has moved at least that is so many times the one before, or one over that. */
export function leastMove(ratio: number): number {
  return 1 - 1 / ratio
}

/** The logarithm of a ratio of two positive values, else NULL. */
export function logStep(to: string, from: string): string {
  return `ln(CASE WHEN ${to} > 0 AND ${from} > 0 THEN ${to} / ${from} END)`
}
