/** What is wrong at one place of the sample. The record itself, or a further line beside it, carries the flaw. */
export type DefectKind =
  /** The record is not delivered. */
  | 'missing'
  /** `high` and `low` have changed places. */
  | 'crossed'
  /** The price is 0, −1, or the text `n/a`. */
  | 'zero'
  | 'negative'
  | 'not_a_number'
  /** The price has 25 digits: legitimate, and rounded by whoever reads it as a double. */
  | 'long_number'
  /** The line comes twice, byte for byte. */
  | 'duplicate'
  /** The record comes again under the same key with another price. */
  | 'conflict'
  /** The line comes again and breaks off. */
  | 'torn'
  /** A further record of an instrument that nobody has declared. */
  | 'unlisted'
  /** A further event that happened a day before it arrives. */
  | 'late'

/** `count` consecutive places of an instrument from the one that holds `at`. */
export interface Defect {
  readonly kind: DefectKind
  readonly instrumentId: string
  readonly at: string
  readonly count?: number
}

/** How many lines a record with this defect becomes. The last of them carries the flaw. */
export const LINES_PER_RECORD: Readonly<Record<DefectKind, number>> = {
  missing: 0,
  crossed: 1,
  zero: 1,
  negative: 1,
  not_a_number: 1,
  long_number: 1,
  duplicate: 2,
  conflict: 2,
  torn: 2,
  unlisted: 2,
  late: 2,
}

export const BAR_DEFECTS: readonly Defect[] = [
  { kind: 'crossed', instrumentId: 'equity:XNYS:ACME', at: '2024-05-14T00:00Z' },
  { kind: 'zero', instrumentId: 'equity:XWAR:SLU', at: '2024-09-18T00:00Z' },
  { kind: 'duplicate', instrumentId: 'crypto:coingecko:bitcoin', at: '2024-11-20T00:00Z', count: 3 },
  { kind: 'not_a_number', instrumentId: 'crypto:coingecko:solana', at: '2025-02-03T00:00Z' },
  { kind: 'negative', instrumentId: 'etf:XETR:WRLD', at: '2025-03-11T00:00Z' },
  { kind: 'duplicate', instrumentId: 'fx:ecb:EURUSD', at: '2025-04-08T00:00Z' },
  { kind: 'missing', instrumentId: 'etf:XETR:WRLD', at: '2025-05-22T00:00Z' },
  { kind: 'conflict', instrumentId: 'crypto:coingecko:ethereum', at: '2025-06-12T00:00Z' },
  { kind: 'unlisted', instrumentId: 'crypto:coingecko:solana', at: '2025-07-15T00:00Z' },
  { kind: 'torn', instrumentId: 'equity:XNYS:ACME', at: '2025-09-24T00:00Z' },
]

export const EVENT_DEFECTS: readonly Defect[] = [
  { kind: 'duplicate', instrumentId: 'crypto:coingecko:bitcoin', at: '2025-12-29T14:00Z', count: 12 },
  { kind: 'zero', instrumentId: 'equity:XNYS:ACME', at: '2025-12-29T15:33Z' },
  { kind: 'torn', instrumentId: 'crypto:coingecko:ethereum', at: '2025-12-29T19:12Z' },
  { kind: 'not_a_number', instrumentId: 'crypto:coingecko:solana', at: '2025-12-30T04:48Z' },
  { kind: 'unlisted', instrumentId: 'crypto:coingecko:solana', at: '2025-12-30T09:00Z' },
  { kind: 'negative', instrumentId: 'equity:XWAR:SLU', at: '2025-12-30T11:15Z' },
  { kind: 'conflict', instrumentId: 'etf:XETR:WRLD', at: '2025-12-30T13:30Z' },
  { kind: 'long_number', instrumentId: 'crypto:coingecko:bitcoin', at: '2025-12-30T18:00Z' },
  { kind: 'duplicate', instrumentId: 'equity:XWAR:SLU', at: '2025-12-31T10:00Z', count: 4 },
  { kind: 'late', instrumentId: 'crypto:coingecko:ethereum', at: '2025-12-31T23:57Z' },
]
