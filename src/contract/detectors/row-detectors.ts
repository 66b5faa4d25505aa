import { quoteIdent } from '../../engine/sql-text.js'
import { rawColumn } from '../raw-column.js'
import { column, columns, has, type RowDetector, threshold, type Use, VALUE, WHERE } from './detector.js'

const DAYS_AHEAD = 1

export const priceSign: RowDetector = {
  name: 'price_sign',
  shape: 'row',
  catches: 'A price of zero or less: a sentinel such as -1, or a fault of the feed.',
  passes:
    'An instrument that instruments.csv says `price_can_be_negative` of: oil closed at -36.98 on 2020-04-20. An empty price.',
  parameters: {
    values: { kind: 'columns', holds: 'number', doc: 'The prices.' },
    instrument: {
      kind: 'column',
      holds: 'text',
      doc: 'The column of the instrument.',
      default: 'instrument_id',
      optional: true,
    },
    where: WHERE,
  },
  sql: use => {
    const lowest = `least(${columns(use, 'values').join(', ')})`
    if (!has(use, 'instrument')) return `${lowest} <= 0`
    const allowed = '(SELECT list(instrument_id) FROM reference.instruments WHERE price_can_be_negative)'
    return `CASE WHEN ${lowest} <= 0 THEN NOT coalesce(list_contains(${allowed}, ${column(use, 'instrument')}), false) ELSE false END`
  },
}

export const ohlcCoherence: RowDetector = {
  name: 'ohlc_coherence',
  shape: 'row',
  catches:
    'A high below, or a low above, another price of its bar: columns in another order, raw and adjusted prices mixed.',
  passes: 'A bar of one trade, whose four prices are the same.',
  parameters: {
    open: { ...VALUE, default: 'open', doc: 'First price.' },
    high: { ...VALUE, default: 'high', doc: 'Highest price.' },
    low: { ...VALUE, default: 'low', doc: 'Lowest price.' },
    close: { ...VALUE, default: 'close', doc: 'Last price.' },
    tolerance: {
      kind: 'number',
      default: 0,
      min: 0,
      max: 1,
      doc: 'Share of the price that the rounding of a feed may take.',
    },
    where: WHERE,
  },
  sql: use => {
    const [open, high, low, close] = ['open', 'high', 'low', 'close'].map(name => column(use, name))
    const slack = threshold(use, 'tolerance')
    const [top, bottom] = slack === 0 ? [high, low] : [`${high} * (1 + ${slack})`, `${low} * (1 - ${slack})`]
    return `${top} < greatest(${open}, ${low}, ${close}) OR ${bottom} > least(${open}, ${high}, ${close})`
  },
}

export const plausibleTime: RowDetector = {
  name: 'plausible_time',
  shape: 'row',
  catches:
    'A time after we heard of it, or a few weeks after 1970 with hours: milliseconds read as seconds, seconds as milliseconds, wrong zones.',
  passes: 'Old history: an index of 1789, a daily value of January 1970.',
  parameters: {
    at: { kind: 'column', holds: 'time', optional: true, doc: 'The time; without it, the event time.' },
    days_ahead: {
      kind: 'number',
      default: DAYS_AHEAD,
      min: 0,
      doc: 'How many days after it was heard of a row may lie.',
    },
    where: WHERE,
  },
  sql: use => {
    const at = `${has(use, 'at') ? column(use, 'at') : quoteIdent(use.terms.eventTime)}::TIMESTAMPTZ`
    const ahead = Math.round(threshold(use, 'days_ahead') * 86_400_000)
    // Every second of our time, taken for a millisecond, lies there; none of it at midnight.
    const epoch = `epoch_us(${at}) BETWEEN 1 AND ${60 * 86_400_000_000} AND epoch_us(${at}) % 86400000000 <> 0`
    return `${at} > _known_at + to_milliseconds(${ahead}) OR (${epoch})`
  },
}

/** The number in a column as it came; its type is judged by a rule of its own. */
function fromRaw(use: Use, name: string): string {
  return `TRY_CAST(${quoteIdent(rawColumn(String(use.arguments[name])))} AS DOUBLE)`
}

export const valuePerUnit: RowDetector = {
  name: 'value_per_unit',
  shape: 'row',
  catches:
    'A traded value that, divided by the volume, is no price of the bar: volume columns swapped, lots counted as units, another currency.',
  passes: 'A bar without trades.',
  parameters: {
    value: { ...VALUE, default: 'quote_volume', doc: 'Value traded.' },
    volume: { ...VALUE, default: 'volume', doc: 'Units traded.' },
    high: { ...VALUE, default: 'high', doc: 'Highest price.' },
    low: { ...VALUE, default: 'low', doc: 'Lowest price.' },
    tolerance: {
      kind: 'number',
      default: 0.05,
      min: 0,
      max: 1,
      doc: 'Share by which the average price may lie outside the bar.',
    },
    where: WHERE,
  },
  sql: use => {
    // From the text: a decimal takes ten times as long to become a double.
    const [value, volume, high, low] = ['value', 'volume', 'high', 'low'].map(name => fromRaw(use, name))
    const slack = threshold(use, 'tolerance')
    return `${volume} > 0 AND ${value} > 0 AND NOT (${value} / ${volume} BETWEEN ${low} * (1 - ${slack}) AND ${high} * (1 + ${slack}))`
  },
}
