import type { PlacedFault } from './csv-table.js'
import {
  type CsvColumn,
  type CsvRecord,
  type ReferenceFile,
  type ReferenceRead,
  readReference,
} from './read-reference.js'
import { unknownInstruments } from './unknown-instruments.js'

/** What an instrument is measured against. */
export const BENCHMARK_COLUMNS: readonly CsvColumn[] = [
  { name: 'instrument_id', sqlType: 'VARCHAR', doc: 'The instrument.', required: true },
  { name: 'benchmark_id', sqlType: 'VARCHAR', doc: 'The instrument that it is measured against.', required: true },
]

/** Reads benchmarks.csv: an instrument has one benchmark, another one than itself, and instruments.csv has both. */
export function readBenchmarks(file: ReferenceFile, instruments: ReadonlySet<string>): ReferenceRead {
  const read = readReference('benchmarks', file, BENCHMARK_COLUMNS)
  const faults = [...unknownInstruments(read.records, instruments), ...benchmarkFaults(read.records, instruments)]
  return { ...read, faults: [...read.faults, ...faults] }
}

function benchmarkFaults(records: readonly CsvRecord[], instruments: ReadonlySet<string>): PlacedFault[] {
  const seen = new Map<string, number>()
  return records.flatMap(record => {
    const [own, other] = [record.get('instrument_id')!, record.get('benchmark_id')!]
    const line = seen.get(own.text)
    if (line === undefined) seen.set(own.text, own.place.line)
    return [
      ...(line === undefined
        ? []
        : [{ message: `${own.text} has a benchmark in line ${line} already`, place: own.place }]),
      ...(own.text === other.text ? [{ message: `${own.text} is its own benchmark`, place: other.place }] : []),
      ...(instruments.has(other.text) ? [] : [{ message: `instruments.csv has no ${other.text}`, place: other.place }]),
    ]
  })
}
