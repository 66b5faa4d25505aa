import type { PlacedFault } from './csv-table.js'
import {
  type CsvColumn,
  type CsvRecord,
  type ReferenceFile,
  type ReferenceRead,
  readReference,
} from './read-reference.js'
import { toldTwice } from './told-twice.js'
import { unknownInstruments } from './unknown-instruments.js'

/** What an instrument is measured against. */
export const BENCHMARK_COLUMNS: readonly CsvColumn[] = [
  { name: 'instrument_id', sqlType: 'VARCHAR', doc: 'The instrument.', required: true },
  { name: 'benchmark_id', sqlType: 'VARCHAR', doc: 'The instrument that it is measured against.', required: true },
]

/** Reads benchmarks.csv: an instrument has one benchmark, another one than itself, and instruments.csv has both. */
export function readBenchmarks(file: ReferenceFile, instruments: ReadonlySet<string>): ReferenceRead {
  const read = readReference('benchmarks', file, BENCHMARK_COLUMNS)
  const faults = [
    ...unknownInstruments(read.records, instruments),
    ...toldTwice(read.records, 'instrument_id', 'a benchmark'),
    ...read.records.flatMap(record => benchmarkFaults(record, instruments)),
  ]
  return { ...read, faults: [...read.faults, ...faults] }
}

function benchmarkFaults(record: CsvRecord, instruments: ReadonlySet<string>): PlacedFault[] {
  const [own, other] = [record.get('instrument_id')!, record.get('benchmark_id')!]
  return [
    ...(own.text === other.text ? [{ message: `${own.text} is its own benchmark`, place: other.place }] : []),
    ...(instruments.has(other.text) ? [] : [{ message: `instruments.csv has no ${other.text}`, place: other.place }]),
  ]
}
