import { bendCsv } from './bend-csv.js'
import { bendJson } from './bend-json.js'

/** Faults that change what the records of a body say, in a body that can still be read. */
export const BENDS = ['dropped-ids', 'duplicates', 'field-renamed', 'field-added', 'field-missing'] as const
export type Bend = (typeof BENDS)[number]

/** A JSON or CSV body with a fault in it. What has no records stays as it is. */
export function bendBody(body: string, contentType: string, bend: Bend): string {
  if (body === '') return body
  if (/json/.test(contentType)) return bendJson(body, bend)
  return /csv/.test(contentType) ? bendCsv(body, bend) : body
}

/** A body in which a number is NaN, which is no JSON. */
export function withNan(body: string, contentType: string): string {
  if (/csv/.test(contentType)) return body.replace(/^([^\n]*\n[^\n]*,)[^,\r\n]*/, '$1NaN')
  // A fraction after a colon, bare or in quotes; else the last number of a list.
  const value = /:"?-?\d+\.\d+"?(?=[,}])/
  return value.test(body) ? body.replace(value, ':NaN') : body.replace(/,"?-?\d+(\.\d+)?"?(?=\])/, ',NaN')
}
