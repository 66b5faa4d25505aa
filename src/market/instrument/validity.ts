import type { CsvCell, PlacedFault } from './csv-table.js'
import type { CsvColumn, CsvRecord } from './read-reference.js'

/** The two columns of anything that holds for a time: half-open, days in UTC, an empty side has no end. */
export const VALIDITY_COLUMNS: readonly CsvColumn[] = [
  { name: 'valid_from', sqlType: 'DATE', doc: 'First day (UTC) on which it holds; empty: since ever.' },
  { name: 'valid_to', sqlType: 'DATE', doc: 'First day on which it holds no longer; empty: until further notice.' },
]

/** Rows whose validity ends before it begins. */
export function orderFaults(records: readonly CsvRecord[]): PlacedFault[] {
  return records.flatMap(record => {
    const { from, to } = periodOf(record)
    const place = record.get('valid_to')?.place
    if (place === undefined || from < to) return []
    return [{ message: `valid_to ${to} is not after valid_from ${from}`, place }]
  })
}

/** Rows that say something of a subject while another row says it too. `subject` gives the cells that name it, in words for the message. */
export function overlapFaults(
  records: readonly CsvRecord[],
  subject: (record: CsvRecord) => readonly CsvCell[],
  words: (cells: readonly string[]) => string,
): PlacedFault[] {
  const groups = new Map<string, CsvRecord[]>()
  for (const record of records) {
    const key = JSON.stringify(subject(record).map(cell => cell.text))
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [record])
    else group.push(record)
  }
  return [...groups.values()].flatMap(group =>
    overlapsWithin(group).map(({ record, other }) => {
      const [first, second] = [record, other].map(entry => subject(entry)[0]!.place) as [
        CsvCell['place'],
        CsvCell['place'],
      ]
      const [earlier, later] = first.line < second.line ? [first, second] : [second, first]
      const message = `${words(subject(record).map(cell => cell.text))} at the same time as line ${earlier.line}`
      return { message, place: later }
    }),
  )
}

interface Overlap {
  readonly record: CsvRecord
  readonly other: CsvRecord
}

/** In order of their beginnings, a period overlaps an earlier one when it begins before the furthest end so far. */
function overlapsWithin(records: readonly CsvRecord[]): Overlap[] {
  const sorted = [...records].sort((a, b) => compare(periodOf(a).from, periodOf(b).from))
  const found: Overlap[] = []
  let furthest = sorted[0]!
  for (const record of sorted.slice(1)) {
    if (periodOf(record).from < periodOf(furthest).to) found.push({ record, other: furthest })
    if (periodOf(record).to > periodOf(furthest).to) furthest = record
  }
  return found
}

function periodOf(record: CsvRecord): { from: string; to: string } {
  return { from: record.get('valid_from')?.text ?? '0000-00-00', to: record.get('valid_to')?.text ?? '9999-99-99' }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
