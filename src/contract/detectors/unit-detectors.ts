import {
  before,
  column,
  has,
  hasMoved,
  isFar,
  look,
  lookBefore,
  looking,
  moveOf,
  number,
  plainLook,
  type SeriesDetector,
  threshold,
  thresholds,
  type Use,
  VALUE,
  WHERE,
} from './detector.js'
import { leastMove, logStep } from './price-detectors.js'

/** Grams to a troy ounce. */
const GRAMS_PER_OUNCE = 31.1034768

/** The largest change, as a logarithm, that is no large step: by two thirds up, or two fifths down. */
const CALM = 0.5

/** What is published says which level is right; without it, the one that most rows have. */
function rightLevel(level: string): string {
  const whole = 'OVER (series ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)'
  return `coalesce(mode(${level}) FILTER (WHERE NOT _fresh) ${whole}, mode(${level}) ${whole})`
}

export const unitBreak: SeriesDetector = {
  name: 'unit_break',
  shape: 'series',
  catches:
    'Rows on another level than their series, a known factor away: pence for pounds, grams for ounces, thousands for units; also a bar that mixes both.',
  passes:
    'A series that grows a hundredfold in steps; a crash of another size, such as LUNA in May 2022, even where one of its steps happens to be by a factor.',
  parameters: {
    value: VALUE,
    low: { ...VALUE, optional: true, doc: 'Lowest price of the bar.' },
    high: {
      ...VALUE,
      optional: true,
      doc: 'Highest price of the bar: with the lowest, a bar that mixes two units is found.',
    },
    unit: {
      kind: 'column',
      holds: 'text',
      optional: true,
      doc: 'The column that says what the value is in: where it changes too, a step is right.',
    },
    factors: {
      kind: 'numbers',
      default: [100, 1000, GRAMS_PER_OUNCE],
      min: 2,
      doc: 'How many of one unit make the other.',
    },
    tolerance: {
      kind: 'number',
      default: 0.1,
      min: 0,
      max: 0.5,
      doc: 'Share by which the step may miss the factor: the price moves too.',
    },
    where: WHERE,
  },
  looks: use => ({
    ...lookBefore(use, 'value'),
    ...looking(use, 'lag', 'value', 2),
    ...looking(use, 'lead', 'value'),
    ...(has(use, 'unit') ? looking(use, 'lag', 'unit') : {}),
  }),
  screen: use => [steps(use, 'true', 'false'), ...mixed(use)].join(' OR '),
  moves: use => (mixed(use).length > 0 ? undefined : moveOf(use, 'value', leastMove(factorsOf(use).least))),
  level: use => `round(sum(${steps(use, undefined, '0')}) OVER series, 3)`,
  sql: (use, level) => {
    const least = Math.log(Math.min(...thresholds(use, 'factors'))) / 2
    const off = `(${number(use, 'value')} IS NOT NULL AND abs(${level} - ${rightLevel(level)}) > ${least})`
    return [off, ...mixed(use)].join(' OR ')
  },
}

/**
 * Where a row is a factor away from the one before it, in a series that is calm round it but for other such steps: the logarithm of the
 * factor, or `found`. A crash goes by large steps of any size.
 */
function steps(use: Use, found: string | undefined, otherwise: string): string {
  const { tolerance, sizes, least } = factorsOf(use)
  const [value, last] = [number(use, 'value'), before(use, 'value')]
  const isCalm = (step: string): string => {
    const known = sizes.map(size => `abs(abs(${step}) - ${size}) < ${tolerance}`)
    return `coalesce(abs(${step}) < ${CALM} OR ${known.join(' OR ')}, true)`
  }
  const step = logStep(value, last)
  const inOneUnit = has(use, 'unit')
    ? ` AND ${column(use, 'unit')} IS NOT DISTINCT FROM ${plainLook(use, 'lag', 'unit')}`
    : ''
  const calm = `${isCalm(logStep(last, look(use, 'lag', 'value', 2)))} AND ${isCalm(logStep(look(use, 'lead', 'value'), value))}`
  const cases = sizes.flatMap(size =>
    [size, -size].map(
      signed => `WHEN abs(${step} - (${signed})) < ${tolerance} AND ${calm}${inOneUnit} THEN ${found ?? signed}`,
    ),
  )
  return `CASE WHEN ${hasMoved(use, 'value', leastMove(least))} THEN CASE ${cases.join(' ')} ELSE ${otherwise} END ELSE ${otherwise} END`
}

/** Sizes are logarithms of the factors; `least` is the smallest ratio that counts as one of them. */
function factorsOf(use: Use): { tolerance: number; sizes: readonly number[]; least: number } {
  const factors = thresholds(use, 'factors')
  const tolerance = threshold(use, 'tolerance')
  const sizes = factors.map(factor => Number(Math.log(factor).toFixed(3)))
  return { tolerance, sizes, least: Math.min(...factors) * Math.exp(-tolerance) }
}

function mixed(use: Use): string[] {
  if (!has(use, 'low') || !has(use, 'high')) return []
  const [high, low] = [number(use, 'high'), number(use, 'low')]
  const { least } = factorsOf(use)
  const near = thresholds(use, 'factors').map(factor => {
    const [from, to] = [-1, 1].map(side => factor * Math.exp(side * threshold(use, 'tolerance')))
    return `${high} BETWEEN ${from} * ${low} AND ${to} * ${low}`
  })
  const wide = isFar(column(use, 'high'), column(use, 'low'), least - 1)
  return [`CASE WHEN ${wide} THEN ${low} > 0 AND (${near.join(' OR ')}) ELSE false END`]
}

export const invertedPair: SeriesDetector = {
  name: 'inverted_pair',
  shape: 'series',
  catches: 'Rates that are one over those of their series: PLN/USD for USD/PLN.',
  passes: 'A pair near one, whose inverse nobody can tell from a move.',
  parameters: {
    value: VALUE,
    tolerance: {
      kind: 'number',
      default: 0.05,
      min: 0,
      max: 0.2,
      doc: 'Share by which the product of two neighbours may miss one.',
    },
    away_from_one: { kind: 'number', default: 0.3, min: 0.1, doc: 'How far from one a rate must be, as a logarithm.' },
    where: WHERE,
  },
  looks: use => lookBefore(use, 'value'),
  screen: isInverse,
  level: use => `sum(CASE WHEN ${isInverse(use)} THEN 1 ELSE 0 END) OVER series % 2`,
  sql: (use, level) => `${number(use, 'value')} IS NOT NULL AND ${level} <> ${rightLevel(level)}`,
}

function isInverse(use: Use): string {
  const [value, last] = [number(use, 'value'), before(use, 'value')]
  const product = `ln(CASE WHEN ${value} > 0 AND ${last} > 0 THEN ${value} * ${last} END)`
  const away = `abs(ln(CASE WHEN ${last} > 0 THEN ${last} END))`
  return `abs(${product}) < ${threshold(use, 'tolerance')} AND ${away} > ${threshold(use, 'away_from_one')}`
}
