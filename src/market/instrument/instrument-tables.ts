import type { ReferenceTable } from '../reference-table.js'
import { ALIAS_COLUMNS, readAliases } from './aliases.js'
import { BASKET_COLUMNS, readBaskets } from './baskets.js'
import { BENCHMARK_COLUMNS, readBenchmarks } from './benchmarks.js'
import type { PlacedFault } from './csv-table.js'
import { GARCH_COLUMNS, readGarchParameters } from './garch-parameters.js'
import { IDENTIFIER_COLUMNS, readIdentifiers } from './identifiers.js'
import { INSTRUMENT_COLUMNS, readInstruments } from './instruments.js'
import { readRateSeries } from './rate-series.js'
import type { ReferenceFile } from './read-reference.js'
import { readScenarios } from './scenarios.js'

/** The reference files that a project may have, by the name of their table. */
export type InstrumentFiles = Readonly<Partial<Record<(typeof INSTRUMENT_FILES)[number], ReferenceFile>>>

export const INSTRUMENT_FILES = [
  'instruments',
  'instrument_aliases',
  'instrument_identifiers',
  'benchmarks',
  'baskets',
  'scenarios',
  'rate_series',
  'garch_parameters',
] as const

export interface InstrumentTables {
  /** Each there even when its file is not; rows with a fault are left out. */
  readonly tables: readonly ReferenceTable[]
  /** In the order of files and places. While there are faults among the instruments, only they are told: the others follow from them. */
  readonly faults: readonly PlacedFault[]
}

/** Reads and checks what a project says of its instruments. */
export function instrumentTables(files: InstrumentFiles): InstrumentTables {
  const instruments = files.instruments && readInstruments(files.instruments)
  const ids = new Set(instruments?.records.map(record => record.get('instrument_id')!.text))
  const aliases = files.instrument_aliases && readAliases(files.instrument_aliases, ids)
  const identifiers = files.instrument_identifiers && readIdentifiers(files.instrument_identifiers, ids)
  const benchmarks = files.benchmarks && readBenchmarks(files.benchmarks, ids)
  const baskets = files.baskets && readBaskets(files.baskets, ids)
  const scenarios = readScenarios(files.scenarios, ids)
  const rateSeries = readRateSeries(files.rate_series)
  const garch = files.garch_parameters && readGarchParameters(files.garch_parameters, ids)
  const tables = [
    instruments?.table ?? { name: 'instruments', columns: INSTRUMENT_COLUMNS, rows: [] },
    aliases?.table ?? { name: 'instrument_aliases', columns: ALIAS_COLUMNS, rows: [] },
    identifiers?.table ?? { name: 'instrument_identifiers', columns: IDENTIFIER_COLUMNS, rows: [] },
    benchmarks?.table ?? { name: 'benchmarks', columns: BENCHMARK_COLUMNS, rows: [] },
    baskets?.table ?? { name: 'baskets', columns: BASKET_COLUMNS, rows: [] },
    scenarios.table,
    rateSeries.table,
    garch?.table ?? { name: 'garch_parameters', columns: GARCH_COLUMNS, rows: [] },
  ]
  const first = inOrder(instruments?.faults)
  const others = [aliases, identifiers, benchmarks, baskets, scenarios, rateSeries, garch].flatMap(read =>
    inOrder(read?.faults),
  )
  return { tables, faults: first.length > 0 ? first : others }
}

function inOrder(faults: readonly PlacedFault[] = []): PlacedFault[] {
  return [...faults].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
}
