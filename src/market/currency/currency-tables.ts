import type { ReferenceTable } from '../reference-table.js'
import { CURRENCIES, QUOTED_UNITS } from './currencies.js'
import { fxConventionTable } from './fx-conventions.js'
import { allSuccessors } from './redenomination-chain.js'

/** The tables of currencies, the same in every project but for the conventions that it adds. */
export function currencyTables(): ReferenceTable[] {
  return [currencies(), redenominations(), quotationUnits(), fxConventionTable()]
}

function currencies(): ReferenceTable {
  return {
    name: 'currencies',
    columns: [
      {
        name: 'code',
        sqlType: 'VARCHAR',
        doc: 'ISO 4217, in force or past, or a unit that markets quote in. Case counts: GBp is a penny.',
      },
      { name: 'name', sqlType: 'VARCHAR', doc: 'Name for people.' },
      {
        name: 'kind',
        sqlType: 'VARCHAR',
        doc: 'On the list of ISO 4217: money, fund, metal, composite or none. Beside it: minor (pence), offshore, crypto, stablecoin.',
      },
      {
        name: 'numeric_code',
        sqlType: 'VARCHAR',
        doc: 'Three digits; empty for a code that is not on the list in force.',
      },
      { name: 'minor_units', sqlType: 'BIGINT', doc: 'Digits after the decimal point of an amount.' },
      { name: 'part_of', sqlType: 'VARCHAR', doc: 'Of pence and their like: the currency that they are a part of.' },
      { name: 'parts', sqlType: 'BIGINT', doc: 'How many are one of `part_of`; 1 for all others.' },
      {
        name: 'valid_from',
        sqlType: 'DATE',
        doc: 'First day of a currency that a redenomination created; empty: older, or not known.',
      },
      {
        name: 'valid_to',
        sqlType: 'DATE',
        doc: 'First day on which it is replaced by its successor, or a fixed part of it.',
      },
    ],
    rows: [...CURRENCIES.values()].map(({ code, name, kind, numericCode, minorUnits, partOf, validFrom, validTo }) => [
      ...[code, name, kind, numericCode ?? null, minorUnits === undefined ? null : String(minorUnits)],
      ...[partOf?.code ?? null, String(partOf?.count ?? 1), validFrom ?? null, validTo ?? null],
    ]),
  }
}

function redenominations(): ReferenceTable {
  return {
    name: 'redenominations',
    columns: [
      { name: 'from_currency', sqlType: 'VARCHAR', doc: 'The currency that was replaced.' },
      { name: 'to_currency', sqlType: 'VARCHAR', doc: 'What it had become by `effective_date`.' },
      { name: 'effective_date', sqlType: 'DATE', doc: 'First day on which amounts are stated in `to_currency`.' },
      {
        name: 'factor',
        sqlType: 'DECIMAL(38,9)',
        doc: 'Units of `from_currency` that make one of `to_currency`: divide by it.',
      },
      { name: 'steps', sqlType: 'BIGINT', doc: 'Redenominations between the two; 1: the direct successor.' },
    ],
    rows: allSuccessors().map(({ from, to, effective, factor, steps }) => [from, to, effective, factor, String(steps)]),
  }
}

function quotationUnits(): ReferenceTable {
  return {
    name: 'quotation_units',
    columns: [
      {
        name: 'source',
        sqlType: 'VARCHAR',
        doc: 'A publication that quotes several units without saying so beside the figure.',
      },
      { name: 'currency', sqlType: 'VARCHAR', doc: 'The currency quoted.' },
      { name: 'units', sqlType: 'BIGINT', doc: 'How many units the figure is for.' },
    ],
    rows: QUOTED_UNITS.map(({ source, currency, units }) => [source, currency, String(units)]),
  }
}
