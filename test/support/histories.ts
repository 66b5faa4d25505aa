import { NOW, type ProjectFolder, type TestLake } from './lakes.js'
import { bar, type InputRow, ndjson, trade } from './records.js'

/** What came in one run: rows of one contract. */
export interface Arrival {
  readonly contract: string
  readonly rows: readonly InputRow[]
  /** When it came; arrivals are hours apart. */
  readonly nowMs: number
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const FIRST = Date.UTC(2025, 10, 17)

/** Instruments of the histories that the sample project does not have. */
export const MORE_INSTRUMENTS = `fx:nbp:EURPLN,Euro in Polish zloty,fx,PLN,,24/5,false,2002-01-02,
fx:ecb:EURPLN,Euro in Polish zloty,fx,PLN,,24/5,false,2002-01-02,
`

/** Reference files that models join, for the instruments of the histories. */
export const REFERENCE_FILES: Readonly<Record<string, string>> = {
  'benchmarks.csv': 'instrument_id,benchmark_id\nequity:XWAR:SLU,equity:XNYS:ACME\n',
  'baskets.csv': 'basket,instrument_id\nshares,equity:XWAR:SLU\nshares,equity:XNYS:ACME\n',
  'garch_parameters.csv':
    'instrument_id,omega,alpha,beta\nequity:XNYS:ACME,1e-5,0.1,0.85\nequity:XWAR:SLU,2e-5,0.05,0.9\n',
  'scenarios.csv': [
    'scenario,kind,from_date,to_date,instrument_pattern,shock',
    ...['advent,window,2025-12-01,2025-12-23,,', 'down,shock,,,*,-0.1', 'down,shock,,,equity:*,-0.2', ''],
  ].join('\n'),
}

/** Numbers in 0..1 that depend on the seed alone. */
export function chance(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Rows of one dataset over some days, with gaps. A correction says something else of a key, later. */
type Making = (
  days: readonly number[],
  random: () => number,
) => { rows: InputRow[]; correct: (row: InputRow) => InputRow }

const text = (ms: number): string => new Date(ms).toISOString()
const isWeekday = (ms: number): boolean => ![0, 6].includes(new Date(ms).getUTCDay())
const digits = (value: number, count: number): number => Number(value.toFixed(count))

/** A vintage is known from the end of its day, in Chicago. */
const vintage = (ms: number): InputRow => ({
  vintage_date: text(ms - DAY).slice(0, 10),
  known_from: text(ms + 6 * HOUR),
})
const figure = (instrument_id: string, period: number, said: number, value: number): InputRow => ({
  ...{ instrument_id, event_time: text(period), source: 'fred', value: digits(value, 2) },
  ...vintage(said),
})

/** One for each dataset of silver that models read: a model that reads another one needs another one here. */
export const MAKINGS: Readonly<Record<string, Making>> = {
  bars: (days, random) => ({
    rows: days.filter(isWeekday).flatMap(day =>
      [
        ['equity:XNYS:ACME', 'USD', 100],
        ['equity:XWAR:SLU', 'PLN', 40],
      ].flatMap(([instrument_id, currency, level]) => {
        const close = digits(Number(level) * (0.9 + random() / 5), 2)
        return random() < 0.15
          ? []
          : [bar(text(day).slice(0, 10), close, { instrument_id, currency, volume: Math.ceil(random() * 900) })]
      }),
    ),
    correct: row => ({ ...row, close: Number(row['close']) + 1, high: Number(row['high']) + 1 }),
  }),
  market_events: (days, random) => ({
    rows: days.flatMap(day =>
      Array.from({ length: Math.floor(random() * 4) }, () => {
        const at = day + Math.floor(random() * DAY)
        const id = `${Math.floor(random() * 1e9)}`
        return trade(id, {
          // Of an exchange too, in its sessions and outside them.
          ...(random() < 0.4 && { instrument_id: 'equity:XNYS:ACME' }),
          event_time: text(at),
          price: digits(80 + random() * 40, 3),
          size: digits(random() * 3 + 0.1, 2),
        })
      }),
    ),
    correct: row => ({ ...row, price: Number(row['price']) + 2 }),
  }),
  fx_rates: (days, random) => ({
    rows: days.filter(isWeekday).flatMap(day =>
      (
        [
          ['nbp', 'USD', 'PLN', 3.6],
          ['nbp', 'EUR', 'PLN', 4.2],
          ['ecb', 'EUR', 'USD', 1.15],
          ['ecb', 'EUR', 'PLN', 4.21],
        ] as const
      ).flatMap(([source, base, quote, mid]) =>
        random() < 0.2
          ? []
          : [
              {
                ...{ instrument_id: `fx:${source}:${base}${quote}`, event_time: text(day), source },
                ...{ fixing: source === 'nbp' ? 'nbp:A' : 'ecb:reference', base_currency: base, quote_currency: quote },
                mid: digits(mid * (0.98 + random() / 25), 4),
              },
            ],
      ),
    ),
    correct: row => ({ ...row, mid: digits(Number(row['mid']) * 1.01, 4) }),
  }),
  holdings: (days, random) => ({
    rows: days
      .filter((_, at) => at % 9 === 0)
      .flatMap(day =>
        ['equity:XNYS:ACME', 'equity:XWAR:SLU'].map(instrument_id => ({
          ...{ portfolio: 'desk', instrument_id, as_of: text(day).slice(0, 10), quantity: Math.ceil(random() * 50) },
        })),
      ),
    correct: row => ({ ...row, quantity: Number(row['quantity']) + 5 }),
  }),
  // A daily rate and a monthly one, each with the day of its vintage; a correction is a later vintage, sometimes one that takes the figure back.
  macro_observations: (days, random) => ({
    rows: [
      ...days
        .filter(isWeekday)
        .map(day => figure('macro:fred:DFF', day, day + (1 + Math.floor(random() * 4)) * DAY, random() * 5)),
      ...Array.from({ length: 14 }, (_, at) => {
        const period = Date.UTC(2025, at - 9, 1)
        return figure(
          'macro:fred:IR3TIB01PLM156N',
          period,
          period + (35 + Math.floor(random() * 20)) * DAY,
          4 + random(),
        )
      }),
    ].filter(() => random() > 0.15),
    correct: row => {
      const said = Date.parse(String(row['known_from'])) + 3 * DAY
      return {
        ...row,
        ...vintage(said),
        value: Number(row['value']) > 4.5 ? null : digits(Number(row['value']) + 0.5, 2),
      }
    },
  }),
  corporate_actions: (days, random) => ({
    rows: days
      .filter(() => random() < 0.15)
      .map((day, at) => ({
        ...{ instrument_id: 'equity:XNYS:ACME', ex_date: text(day).slice(0, 10), action_id: String(at) },
        ...(random() < 0.3
          ? { action_type: 'split', ratio: 2 }
          : { action_type: 'cash_dividend', amount: digits(0.2 + random(), 2), currency: 'USD' }),
        announced_at: text(day - Math.floor(random() * 20 * DAY) + 10 * DAY),
      })),
    correct: row => ({
      ...row,
      ...(row['amount'] === undefined ? { ratio: 3 } : { amount: Number(row['amount']) + 1 }),
      announced_at: text(Date.parse(String(row['announced_at'])) + 5 * DAY),
    }),
  }),
}

/**
 * A random history: rows of every dataset in random arrivals, in any order, some of them corrected later. It depends on the seed alone.
 * `days` rows a day and series, `arrivals` runs for each dataset.
 */
export function historyOf(seed: number, { days: count, arrivals }: { days: number; arrivals: number }): Arrival[] {
  const random = chance(seed)
  const days = Array.from({ length: count }, (_, at) => FIRST + at * DAY)
  const all = Object.entries(MAKINGS).flatMap(([contract, make]) => {
    const { rows, correct } = make(days, random)
    const cuts = Array.from({ length: arrivals }, (): InputRow[] => [])
    for (const row of rows) {
      const at = Math.floor(random() * arrivals)
      cuts[at]!.push(row)
      const later = at + 1 + Math.floor(random() * (arrivals - at - 1))
      if (random() < 0.1 && later < arrivals) cuts[later]!.push(correct(row))
    }
    return cuts.filter(part => part.length > 0).map(part => ({ contract, rows: part, turn: random() }))
  })
  const inOrder = all.toSorted((a, b) => a.turn - b.turn)
  return inOrder.map(({ contract, rows }, at) => ({ contract, rows, nowMs: NOW + at * HOUR }))
}

let files = 0
/** Takes a history into a lake, run by run; `lakeOf` says by which project each run goes. */
export async function live(
  history: readonly Arrival[],
  lakeOf: (at: number) => TestLake,
  folder: ProjectFolder,
): Promise<void> {
  for (const [at, { contract, rows, nowMs }] of history.entries()) {
    const input = [await folder.write(`history-${files++}.ndjson`, ndjson(rows))]
    await lakeOf(at).run({ input, contract, nowMs, allowDqBreach: true, runId: `run-${at}` })
  }
}
