import { quoteIdent } from '../../engine/sql-text.js'
import {
  before,
  column,
  has,
  lookBefore,
  number,
  ROW_ALONE,
  type SeriesDetector,
  threshold,
  type Use,
  VALUE,
  WHERE,
} from './detector.js'

export const currencyValidity: SeriesDetector = {
  name: 'currency_validity',
  shape: 'series',
  catches: 'A currency on a day on which it was not in use: kuna after 2022, new leones before July 2022.',
  passes: 'A past currency in its own time; a code that `reference.currencies` does not have.',
  parameters: {
    currency: { kind: 'column', holds: 'text', default: 'currency', doc: 'The code.' },
    at: { kind: 'column', holds: 'time', optional: true, doc: 'The day; without it, that of the event time.' },
    where: WHERE,
  },
  ...ROW_ALONE,
  screen: isOutOfUse,
  sql: isOutOfUse,
}

function isOutOfUse(use: Use): string {
  const at = `${has(use, 'at') ? column(use, 'at') : quoteIdent(use.terms.eventTime)}::DATE`
  return `EXISTS (SELECT 1 FROM reference.currencies c WHERE c.code = ${column(use, 'currency')} AND (${at} < c.valid_from OR ${at} >= c.valid_to))`
}

export const offSession: SeriesDetector = {
  name: 'off_session',
  shape: 'series',
  catches: 'A daily row on a day without a session: a weekend copy, a date that a time zone moved.',
  passes: 'An instrument without a calendar; a Saturday on which the exchange did trade.',
  parameters: {
    where: WHERE,
  },
  sessions: true,
  ...ROW_ALONE,
  screen: isOff,
  sql: isOff,
}

function isOff(): string {
  return '_calendar IS NOT NULL AND _session IS NULL'
}

const TYPICAL = {
  tolerance: 0.005,
  minYield: 0.0005,
  maxYield: 0.1,
}

export const dividendAdjustment: SeriesDetector = {
  name: 'dividend_adjustment',
  shape: 'series',
  catches:
    'Adjusted closes that do not fit the dividends: one in pence for pounds, one counted twice or on another day, one that is not in the adjustment; adjusted closes of zero or less.',
  passes: 'A special dividend of a third of the price, when the price fell with it.',
  parameters: {
    close: { ...VALUE, default: 'close', doc: 'The close as traded, or adjusted for splits alone.' },
    adjusted: { ...VALUE, default: 'adjusted_close', doc: 'The close adjusted for dividends.' },
    dividend: { ...VALUE, default: 'dividend', doc: 'The dividend of the day, else 0 or empty.' },
    tolerance: {
      kind: 'number',
      default: TYPICAL.tolerance,
      min: 0,
      max: 1,
      doc: 'By how much the step of the adjustment may miss 1 - dividend / close before.',
    },
    min_yield: {
      kind: 'number',
      default: TYPICAL.minYield,
      min: 0,
      max: 1,
      doc: 'A smaller share of the price is wrong where most dividends of the series are that small.',
    },
    max_yield: {
      kind: 'number',
      default: TYPICAL.maxYield,
      min: 0,
      doc: 'A larger share must show: the price falls by half of it at least.',
    },
    where: WHERE,
  },
  looks: use => ({ ...lookBefore(use, 'close'), ...lookBefore(use, 'adjusted') }),
  screen: use => misfits(use).join(' OR '),
  sql: use => {
    const usual = `median(CASE WHEN ${shareOf(use)} > 0 THEN ${shareOf(use)} END) OVER (series ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`
    const [tiny, ...others] = misfits(use)
    return [`(${tiny} AND ${usual} < ${threshold(use, 'min_yield')})`, ...others].join(' OR ')
  },
}

function shareOf(use: Use): string {
  return `(coalesce(${number(use, 'dividend')}, 0) / nullif(${before(use, 'close')}, 0))`
}

/** The first is only wrong where it is usual. */
function misfits(use: Use): string[] {
  const [close, adjusted] = [number(use, 'close'), number(use, 'adjusted')]
  const [lastClose, lastAdjusted] = [before(use, 'close'), before(use, 'adjusted')]
  const share = shareOf(use)
  const step = `(${lastAdjusted} / nullif(${lastClose}, 0)) / nullif(${adjusted} / nullif(${close}, 0), 0)`
  return [
    `(${share} > 0 AND ${share} < ${threshold(use, 'min_yield')})`,
    `${adjusted} <= 0`,
    // A close before it that is an error itself says nothing of this one.
    `(${adjusted} > 0 AND ${lastAdjusted} > 0 AND abs(${step} - (1 - ${share})) > ${threshold(use, 'tolerance')})`,
    `(${share} > ${threshold(use, 'max_yield')} AND ${close} / nullif(${lastClose}, 0) - 1 > -0.5 * ${share})`,
  ]
}
