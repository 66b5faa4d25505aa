import { quoteText } from '../engine/sql-text.js'
import { decimalSql } from './cast-decimal.js'

/** What `format` may say instead of a strptime pattern: numbers since 1970-01-01 UTC, and their fraction digits down to a microsecond. */
export const EPOCH_FORMATS: Readonly<Record<string, number>> = { epoch_s: 6, epoch_ms: 3, epoch_us: 0 }

const ZONE = '(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?'
const DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}'
const MINUTE = '[T ][0-9]{2}:[0-9]{2}'
const SECOND = String.raw`:[0-9]{2}(\.[0-9]{1,9})?`

/**
 * SQL that turns a text into TIMESTAMPTZ, or NULL. Without a format: ISO 8601 (`2026-11-22T09:30:00.5+01:00`, blank or `T`, seconds
 * optional) or a plain date, which is its midnight; without an offset it is UTC; digits below a microsecond are cut off.
 * `epoch_s`, `epoch_ms`, `epoch_us`: exact numbers. Any other format is strptime's.
 * NULL for words like `now` or `infinity`, and for years that no market saw or will see soon (before 1678, after 2261; numbers of more
 * than 16 digits of microseconds): such a time is a wrong unit, seconds read as milliseconds.
 */
export function timestampSql(raw: string, format: string | undefined): string {
  if (format === undefined) return isoSql(raw)
  const fractionDigits = EPOCH_FORMATS[format]
  return fractionDigits === undefined ? strptimeSql(raw, format) : epochSql(raw, fractionDigits)
}

function isoSql(raw: string): string {
  // What nearly all feeds write goes first: a LIKE costs a third of a regular expression. A blank could start the name of a time zone.
  const common = `${raw} LIKE '20__-__-__T__:__:__%Z' AND NOT contains(${raw}, ' ') OR ${raw} LIKE '20__-__-__ __:__:__'`
  const withSeconds = `regexp_replace(${raw}, '^(${DATE}${MINUTE})', '\\1:00')`
  return `CASE
    WHEN ${common} THEN TRY_CAST(${raw} AS TIMESTAMPTZ)
    WHEN NOT (substr(${raw}, 1, 4) BETWEEN '1678' AND '2261') THEN NULL
    WHEN regexp_full_match(${raw}, '${DATE}(${MINUTE}${SECOND}${ZONE})?') THEN TRY_CAST(${raw} AS TIMESTAMPTZ)
    WHEN regexp_full_match(${raw}, '${DATE}${MINUTE}${ZONE}') THEN TRY_CAST(${withSeconds} AS TIMESTAMPTZ)
  END`
}

function epochSql(raw: string, fractionDigits: number): string {
  const exact = `CAST(${decimalSql(raw, 16, fractionDigits)} AS DECIMAL(38, ${fractionDigits}))`
  return `make_timestamptz(CAST(${exact} * ${10 ** fractionDigits} AS BIGINT))`
}

/** strptime takes `infinity` and `epoch` under any format: a time has a digit in it. */
function strptimeSql(raw: string, format: string): string {
  const time = `try_strptime(${raw}, ${quoteText(format)})`
  return `CASE WHEN regexp_matches(${raw}, '[0-9]') AND year(${time}) BETWEEN 1678 AND 2261
    THEN make_timestamptz(epoch_us(${time})) END`
}
