import type { CsvCell, PlacedFault } from './csv-table.js'
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

/** A hundredth of a basis point a day: no price that is called volatile moves less, and far below it squares leave what doubles hold. */
const LEAST_DEVIATION = 1e-6

/** What is left of 1 after alpha and beta must be more than rounding. */
const LEAST_RETURN = 1e-9

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
  const [omega, alpha, beta] = ['omega', 'alpha', 'beta'].map(name => record.get(name)!) as [CsvCell, CsvCell, CsvCell]
  const persistence = Number(alpha.text) + Number(beta.text)
  if (1 - persistence < LEAST_RETURN) {
    const message = `alpha + beta is ${persistence}: below 1 the variance returns to a long-run one. Fit again with that constraint`
    return [{ message, place: alpha.place }]
  }
  const deviation = Math.sqrt(Number(omega.text) / (1 - persistence))
  const message = `omega: the long-run deviation of a day is ${shareText(deviation)}: `
  if (deviation >= MOST_DEVIATION)
    return [
      {
        message: `${message}parameters fitted to returns in per cent have an omega 10000 times that of shares, divide it`,
        place: omega.place,
      },
    ]
  if (deviation >= LEAST_DEVIATION) return []
  return [
    {
      message: `${message}less than 0.0001 % is no variance of prices, fit again to log returns as shares`,
      place: omega.place,
    },
  ]
}

function shareText(share: number): string {
  const percent = share * 100
  return `${percent >= 1 ? Math.round(percent) : percent.toPrecision(2)} %`
}

function numberFault(value: string): string | undefined {
  if (!/^(\d{1,30}(\.\d{1,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?$/.test(value))
    return 'is no number such as 0.09 or 1.5e-6'
  return Number.isFinite(Number(value)) ? undefined : 'is no number such as 0.09 or 1.5e-6'
}
