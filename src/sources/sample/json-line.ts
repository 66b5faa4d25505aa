import { quoteText } from '../../engine/sql-text.js'

/** The fields of a JSON object in order: name → SQL expression that gives the value as JSON text; NULL becomes `null`. */
export type JsonFields = Readonly<Record<string, string>>

/**
 * A SQL expression for one JSON object as text. Values are joined as they are, since a number that passes through DuckDB's JSON
 * type keeps no more digits than a double.
 */
export function jsonLine(fields: JsonFields): string {
  const parts = Object.entries(fields).map(([name, value], index) => {
    const label = quoteText(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
    return `${label}, coalesce(${value}, 'null')`
  })
  return `concat(${parts.join(', ')}, '}')`
}

/** A SQL expression for a JSON string. The text must need no escape, as ids, codes and times. */
export function jsonText(value: string): string {
  return `('"' || ${value} || '"')`
}

/** A SQL expression for an instant as a JSON string: ISO 8601, UTC, milliseconds. `ms` counts from the epoch. */
export function jsonInstant(ms: string): string {
  return `strftime(make_timestamp((${ms}) * 1000), '"%Y-%m-%dT%H:%M:%S.%gZ"')`
}
