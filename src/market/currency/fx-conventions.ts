import type { ReferenceTable } from '../reference-table.js'

/** Which rate counts for a day: whose, and of how many days before it the newest. */
export interface FxConvention {
  /** As `fx_daily.source` has it. */
  readonly source: string
  /** 0: the newest of the day itself or before; 1: of the day before or earlier. */
  readonly daysBefore: number
}

/**
 * What a project starts with. `reporting`: NBP's rate of the day. `tax`: NBP's of the last business day before, as Polish tax law has it
 * (PIT art. 11a, CIT art. 12 (2)). `ecb`: the euro reference rate of the day.
 */
export const FX_CONVENTIONS: Readonly<Record<string, FxConvention>> = {
  reporting: { source: 'nbp', daysBefore: 0 },
  tax: { source: 'nbp', daysBefore: 1 },
  ecb: { source: 'ecb', daysBefore: 0 },
}

/** The conventions that `prices_normalized` follows unless a project says otherwise. */
export const NORMALIZED: readonly string[] = ['reporting']

/** The table of conventions; `normalized` are those that `prices_normalized` follows. */
export function fxConventionTable(
  conventions: Readonly<Record<string, FxConvention>> = FX_CONVENTIONS,
  normalized: readonly string[] = NORMALIZED,
): ReferenceTable {
  return {
    name: 'fx_conventions',
    columns: [
      {
        name: 'convention',
        sqlType: 'VARCHAR',
        doc: 'Its name: reporting, tax, ecb, and those of `fx.conventions` in sluice.yaml.',
      },
      { name: 'source', sqlType: 'VARCHAR', doc: 'Whose rates it takes.' },
      {
        name: 'days_before',
        sqlType: 'BIGINT',
        doc: '0: the newest rate of the day or before. 1: of the day before or earlier.',
      },
      {
        name: 'normalize',
        sqlType: 'BOOLEAN',
        doc: 'Whether `gold.prices_normalized` follows it: `fx.normalize` in sluice.yaml.',
      },
    ],
    rows: Object.entries(conventions).map(([name, { source, daysBefore }]) => [
      ...[name, source, String(daysBefore)],
      String(normalized.includes(name)),
    ]),
  }
}
