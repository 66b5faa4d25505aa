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

/** A long-run standard deviation of a day from which on the parameters are taken for those of returns in per cent. */
const MOST_DEVIATION = 0.5

/** What a GARCH(1,1) filter of an instrument's returns takes: s2(t+1) = omega + alpha r(t)^2 + beta s2(t). */
export const GARCH_COLUMNS: readonly CsvColumn[] = [
  { name: 'instrument_id', sqlType: 'VARCHAR', doc: 'The instrument.', required: true },
  {
    name: 'omega',
    sqlType: 'DOUBLE',
    doc: 'Constant part of the variance of a day, of log returns as shares (not per cent); above 0.',
    required: true,
    fault: value => numberFault(value) ?? (Number(value) > 0 ? undefined : 'is not above 0'),
  },
  {
    name: 'alpha',
    sqlType: 'DOUBLE',
    doc: 'Weight of the squared return of the day before; 0 or more.',
    required: true,
    fault: numberFault,
  },
  {
    name: 'beta',
    sqlType: 'DOUBLE',
    doc: 'Weight of the variance of the day before; 0 or more, with alpha below 1.',
    required: true,
    fault: numberFault,
  },
]

/**
 * Reads garch_parameters.csv: one row for an instrument of instruments.csv. The variance must return to a long-run one, omega over
 * 1 - alpha - beta, and that must be one of returns as shares.
 */
export function readGarchParameters(file: ReferenceFile, instruments: ReadonlySet<string>): ReferenceRead {
  const read = readReference('garch_parameters', file, GARCH_COLUMNS)
  const faults = [
    ...unknownInstruments(read.records, instruments),
    ...toldTwice(read.records, 'instrument_id', 'parameters'),
    ...read.records.flatMap(parameterFaults),
  ]
  return { ...read, faults: [...read.faults, ...faults] }
}

function parameterFaults(record: CsvRecord): PlacedFault[] {
  const message = processFault(record)
  return message === undefined ? [] : [{ message, place: record.get('instrument_id')!.place }]
}

function processFault(record: CsvRecord): string | undefined {
  const [omega, alpha, beta] = ['omega', 'alpha', 'beta'].map(name => Number(record.get(name)!.text)) as [
    number,
    number,
    number,
  ]
  const persistence = alpha + beta
  if (persistence >= 1) return `alpha + beta is ${persistence}: below 1 the variance returns to a long-run one`
  const deviation = Math.sqrt(omega / (1 - persistence))
  if (deviation < MOST_DEVIATION) return undefined
  return `the long-run deviation of a day is ${Math.round(deviation * 100)} %: parameters fitted to returns in per cent have an omega 10000 times that of shares`
}

function numberFault(value: string): string | undefined {
  if (!/^(\d{1,30}(\.\d{1,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?$/.test(value))
    return 'is no number such as 0.09 or 1.5e-6'
  return Number.isFinite(Number(value)) ? undefined : 'is no number such as 0.09 or 1.5e-6'
}
