/** A record of an input file; values as JSON writes them. */
export type InputRow = Readonly<Record<string, unknown>>

/** A trade that keeps the contract of market_events. */
export function trade(id: string, parts: InputRow = {}): InputRow {
  return {
    event_id: id,
    instrument_id: 'crypto:coingecko:bitcoin',
    event_type: 'trade',
    event_time: '2026-01-05T10:00:00Z',
    price: 100.5,
    size: 2,
    currency: 'USD',
    ...parts,
  }
}

/** `count` good trades with ids of their own, one a minute. */
export function trades(count: number, parts: InputRow = {}, prefix = 'e'): InputRow[] {
  const start = Date.parse('2026-01-05T10:00:00Z')
  return Array.from({ length: count }, (_, at) =>
    trade(`${prefix}${at}`, { event_time: new Date(start + at * 60_000).toISOString(), price: 100 + at, ...parts }),
  )
}

/** A daily bar that keeps the contract of bars. */
export function bar(date: string, close: number, parts: InputRow = {}): InputRow {
  return {
    instrument_id: 'equity:XNYS:ACME',
    bar_interval: '1d',
    event_time: date,
    open: close,
    high: close,
    low: close,
    close,
    volume: 1000,
    currency: 'USD',
    ...parts,
  }
}

export function ndjson(rows: readonly InputRow[]): string {
  return rows.map(row => `${JSON.stringify(row)}\n`).join('')
}
