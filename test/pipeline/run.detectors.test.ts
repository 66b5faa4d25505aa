import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contract } from '../../src/contract/contract.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { type Asked, observations } from '../support/detecting.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { recordedFolder } from '../support/recorded.js'
import { type InputRow, ndjson } from '../support/records.js'

const DAY = 86_400_000
const ACME = 'equity:XNYS:ACME'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

let files = 0

/** A lake of observations that are asked so. */
function lakeOf(...asked: (Asked & { severity?: string })[]): TestLake {
  return folder.lake({ models: [], contracts: [observations(asked)] })
}

async function run(lake: TestLake, rows: readonly InputRow[], nowMs = NOW): Promise<RunRecord> {
  const path = await folder.write(`observations-${files++}.ndjson`, ndjson(rows))
  return lake.run({ input: [path], contract: 'observations', nowMs })
}

/** Closes of ACME on the sessions of New York among so many days from one on; a value for each day, by its number. */
function closes(from: string, days: number, valueAt: (at: number) => number, parts: InputRow = {}): InputRow[] {
  const rows = Array.from({ length: days }, (_, at) => ({ at, day: new Date(Date.parse(from) + at * DAY) }))
  return rows
    .filter(({ day }) => day.getUTCDay() % 6 !== 0 && !HOLIDAYS.includes(day.toISOString().slice(0, 10)))
    .map(({ at, day }) => ({
      instrument_id: ACME,
      source: 'test',
      event_time: day.toISOString(),
      close: valueAt(at).toFixed(4),
      volume: 1000,
      ...parts,
    }))
}

const HOLIDAYS = ['2025-11-27', '2025-12-25', '2026-01-01', '2026-01-19']

const wave = (at: number): number => 100 + Math.sin(at) * 2

const findings = ({ pipes }: RunRecord): string[] =>
  pipes.flatMap(({ findings = [] }) => findings.map(({ rule }) => rule))

describe('rows that a detector finds', () => {
  it('wait in quarantine as they were read, and the others are published', async () => {
    const lake = lakeOf({ detector: 'bad_tick', value: 'close' })
    const record = await run(
      lake,
      closes('2025-11-03', 30, at => (at === 15 ? 1050.5 : wave(at))),
    )
    expect(record.pipes).toMatchObject([{ in: 21, accepted: 20, quarantined: 1, rules: { bad_tick: 1 } }])
    expect(await lake.rows(`SELECT rules, record->>'close' AS close FROM quarantine.observations`)).toEqual([
      { rules: ['bad_tick'], close: '1050.500000000000000000' },
    ])
    expect(await lake.rows('SELECT max(close) < 200 AS calm FROM silver.observations')).toEqual([{ calm: true }])
  })

  it('are published where the contract only counts them', async () => {
    const lake = lakeOf({ detector: 'large_move', value: 'close', severity: 'warn' })
    const record = await run(
      lake,
      closes('2025-11-03', 30, at => wave(at) * (at > 15 ? 0.45 : 1)),
    )
    expect(record.pipes).toMatchObject([{ in: 21, accepted: 21, quarantined: 0, rules: { large_move: 1 } }])
  })

  it('are found among the published rows of the months round them', async () => {
    const lake = lakeOf({ detector: 'bad_tick', value: 'close' })
    const rows = closes('2025-10-06', 110, at => (at === 28 ? 9.5 : wave(at)))
    const lone = rows.findIndex(row => row['close'] === '9.5000')
    await run(
      lake,
      rows.filter((_, at) => at !== lone),
    )
    const record = await run(lake, [rows[lone]!])
    expect(record.pipes).toMatchObject([{ accepted: 0, quarantined: 1, rules: { bad_tick: 1 } }])
  })

  it('are the same when the table is computed anew from bronze', async () => {
    const lake = lakeOf({ detector: 'bad_tick', value: 'close' })
    const rows = closes('2025-11-03', 60, at => (at === 15 ? 1050.5 : wave(at)))
    await run(lake, rows)
    const before = await lake.text('SELECT * EXCLUDE (_known_at) FROM silver.observations ORDER BY ALL')
    const path = await folder.write('again.ndjson', ndjson(rows))
    await lake.run({ input: [path], contract: 'observations', replace: true })
    expect(await lake.text('SELECT * EXCLUDE (_known_at) FROM silver.observations ORDER BY ALL')).toBe(before)
  })
})

/** What the detector says of a batch that comes after so many days of history. */
async function verdictOf(
  asked: Asked,
  batch: readonly InputRow[],
  history: readonly InputRow[] = [],
): Promise<string[]> {
  const lake = lakeOf({ ...asked, severity: 'warn' })
  if (history.length > 0) await run(lake, history)
  return findings(await run(lake, batch))
}

describe('completeness', () => {
  const asked = { detector: 'completeness', min_percent: 95 }

  it('counts the sessions of the calendar, not its weekends and holidays', async () => {
    expect(await verdictOf(asked, closes('2025-11-03', 80, wave))).toEqual([])
  })

  it('finds sessions that are not there, also between what is published and the batch', async () => {
    const rows = closes('2025-11-03', 80, wave)
    expect(
      await verdictOf(
        asked,
        rows.filter((_, at) => at < 20 || at > 25),
      ),
    ).toEqual(['completeness'])
    expect(await verdictOf(asked, rows.slice(26), rows.slice(0, 20))).toEqual(['completeness'])
  })

  it('finds what a batch lacks, however much is published before it and comes again with it', async () => {
    const rows = closes('2025-11-03', 80, wave)
    const [history, batch] = [rows.slice(0, -10), rows.slice(-15)]
    expect(await verdictOf(asked, batch, history)).toEqual([])
    expect(
      await verdictOf(
        asked,
        batch.filter((_, at) => at !== 9),
        history,
      ),
    ).toEqual(['completeness'])
  })

  it('does not miss a series that has ended, or an instrument without a calendar', async () => {
    const ended = closes('2025-11-03', 20, wave)
    const other = closes('2025-11-03', 80, wave, { instrument_id: 'crypto:coingecko:nothing' }).filter(
      (_, at) => at % 3 === 0,
    )
    expect(await verdictOf(asked, [...ended, ...other])).toEqual([])
  })
})

/** A bar at the start of each window of some minutes from an opening to a close, both ISO 8601. */
function windows(open: string, close: string, minutes: number, parts: InputRow = {}): InputRow[] {
  const [from, to] = [open, close].map(text => Date.parse(text)) as [number, number]
  const count = Math.ceil((to - from) / (minutes * 60_000))
  const at = (nth: number): string => new Date(from + nth * minutes * 60_000).toISOString()
  return Array.from({ length: count }, (_, nth) => ({
    ...{ instrument_id: ACME, source: 'test', event_time: at(nth), close: wave(nth).toFixed(4), ...parts },
  }))
}

describe('completeness within the day', () => {
  const asked = { detector: 'completeness', step: '1h', min_percent: 100 }
  // New York before, on, and after Thanksgiving 2025; the day after it closes at 13:00. From 14:30 UTC, or from the hour in which that is.
  const week = (minute: string): InputRow[] => [
    ...windows(`2025-11-26T14:${minute}:00Z`, '2025-11-26T21:00:00Z', 60),
    ...windows(`2025-11-28T14:${minute}:00Z`, '2025-11-28T18:00:00Z', 60),
    ...windows(`2025-12-01T14:${minute}:00Z`, '2025-12-01T21:00:00Z', 60),
  ]

  it('asks for the windows of sessions, fewer on a half day, whether bars begin at the open or at the hour', async () => {
    expect(week('30')).toHaveLength(7 + 4 + 7)
    expect(await verdictOf(asked, week('30'))).toEqual([])
    expect(await verdictOf(asked, week('00'))).toEqual([])
  })

  it('does not count bars before the open and after the close', async () => {
    const early = windows('2025-11-26T09:30:00Z', '2025-11-26T14:30:00Z', 60)
    const late = windows('2025-11-28T18:30:00Z', '2025-11-28T21:30:00Z', 60)
    expect(await verdictOf(asked, [...early, ...week('30'), ...late])).toEqual([])
    const holes = week('30').filter((_, at) => at % 7 !== 5)
    expect(await verdictOf(asked, [...early, ...holes, ...late])).toEqual(['completeness'])
  })

  it('finds one hour that is not there, also between what is published and the batch', async () => {
    const rows = week('30')
    const without = (at: number): InputRow[] => rows.filter((_, nth) => nth !== at)
    expect(await verdictOf(asked, without(9))).toEqual(['completeness'])
    expect(await verdictOf(asked, rows.slice(8), rows.slice(0, 7))).toEqual(['completeness'])
    expect(await verdictOf(asked, rows.slice(7), rows.slice(0, 7))).toEqual([])
  })

  it('counts no window in the break of a session, and through it where windows are longer', async () => {
    const tokyo = { ...observations([{ ...asked, severity: 'warn' }]), calendar: 'XTKS' }
    const day = (date: string, minutes: number, whole: boolean): InputRow[] =>
      (whole
        ? [['00:00', '06:00']]
        : [
            ['00:00', '02:30'],
            ['03:30', '06:00'],
          ]
      ).flatMap(([open, close]) =>
        windows(`${date}T${open}:00Z`, `${date}T${close}:00Z`, minutes, { instrument_id: 'equity:X:Y' }),
      )
    const verdict = async (contract: Contract, rows: readonly InputRow[]) =>
      findings(await run(folder.lake({ models: [], contracts: [contract] }), rows))
    const rows = [...day('2024-01-05', 60, false), ...day('2024-01-09', 60, false)]
    expect(rows).toHaveLength(12)
    expect(await verdict(tokyo, rows)).toEqual([])
    expect(
      await verdict(
        tokyo,
        rows.filter((_, at) => at !== 3),
      ),
    ).toEqual(['completeness'])
    const coarse = { ...observations([{ ...asked, step: '4h', severity: 'warn' }]), calendar: 'XTKS' }
    expect(await verdict(coarse, [...day('2024-01-05', 240, true), ...day('2024-01-09', 240, true)])).toEqual([])
  })
})

describe('freshness', () => {
  const asked = { detector: 'freshness', max_sessions: 1 }

  it('ages by sessions: Friday is fresh on a Sunday', async () => {
    expect(await verdictOf(asked, closes('2026-01-05', 26, wave))).toEqual([])
  })

  it('finds a pipe that has nothing of the last sessions', async () => {
    expect(await verdictOf(asked, closes('2026-01-05', 23, wave))).toEqual(['freshness'])
  })

  /** What is found of closes up to a Thursday in January that are received at a time, under slaProperties. */
  async function late(sla: readonly string[], receivedAt: string, parts: InputRow = {}): Promise<string[]> {
    const contract = observations([{ detector: 'freshness', severity: 'warn' }], sla)
    const lake = folder.lake({ models: [], contracts: [contract] })
    return findings(await run(lake, closes('2026-01-05', 11, wave, parts), Date.parse(receivedAt)))
  }

  it('is as late as the latency says: in days by sessions, in hours after the end of one', async () => {
    const days = ['{ property: latency, value: 1, unit: d, element: observations.event_time }']
    // New York closes at 21:00 UTC; Monday the 19th is a holiday.
    expect(await late(days, '2026-01-18T12:00:00Z')).toEqual([])
    expect(await late(days, '2026-01-20T20:59:00Z')).toEqual([])
    expect(await late(days, '2026-01-20T21:01:00Z')).toEqual(['freshness'])
    const hours = ['{ property: latency, value: 4, unit: h }']
    expect(await late(hours, '2026-01-17T00:59:00Z')).toEqual([])
    expect(await late(hours, '2026-01-17T01:01:00Z')).toEqual(['freshness'])
  })

  it('counts days where there is no calendar, and what comes once a week may be a week old', async () => {
    const coin = { instrument_id: 'nothing:has:this' }
    const daily = ['{ property: latency, value: 1, unit: d }']
    expect(await late(daily, '2026-01-17T23:00:00Z', coin)).toEqual([])
    expect(await late(daily, '2026-01-18T01:00:00Z', coin)).toEqual(['freshness'])
    const weekly = [...daily, '{ property: frequency, value: 1, unit: w }']
    expect(await late(weekly, '2026-01-23T23:00:00Z', coin)).toEqual([])
    expect(await late(weekly, '2026-01-24T01:00:00Z', coin)).toEqual(['freshness'])
  })
})

describe('distribution_shift', () => {
  const asked = { detector: 'distribution_shift', value: 'close', min_rows: 15 }
  const history = closes('2025-11-03', 60, wave)

  it('lets another level pass that moves as before', async () => {
    expect(
      await verdictOf(
        asked,
        closes('2026-01-02', 29, at => wave(at + 60) * 3),
        history,
      ),
    ).toEqual([])
  })

  it('finds moves of another size', async () => {
    expect(
      await verdictOf(
        asked,
        closes('2026-01-02', 29, at => 100 + Math.sin(at) * 40),
        history,
      ),
    ).toEqual(['distribution_shift'])
  })
})

describe('missing_field', () => {
  const asked = { detector: 'missing_field', columns: ['volume', 'quote_volume'] }
  const history = closes('2025-11-03', 60, wave)

  it('finds a column that the feed had and has no more', async () => {
    expect(await verdictOf(asked, closes('2026-01-02', 10, wave, { volume: null }), history)).toEqual(['missing_field'])
  })

  it('lets a column pass that was never there, and one that comes now', async () => {
    expect(await verdictOf(asked, closes('2026-01-02', 10, wave, { quote_volume: 5 }), history)).toEqual([])
  })
})

describe('added_field', () => {
  const asked = { detector: 'added_field' }
  const history = closes('2025-11-03', 60, wave, { known: 1 })

  it('finds a field that no record had before', async () => {
    expect(await verdictOf(asked, closes('2026-01-02', 10, wave, { known: 1, fresh: 2 }), history)).toEqual([
      'added_field',
    ])
  })

  it('lets a field pass that the contract does not know and the feed always had, and the first batch', async () => {
    expect(await verdictOf(asked, closes('2026-01-02', 10, wave, { known: 3 }), history)).toEqual([])
    expect(await verdictOf(asked, history)).toEqual([])
  })
})

const recorded = recordedFolder()

/** The lines of a recorded CSV or JSON, unpacked. */
async function recordedText(path: string): Promise<string> {
  return gunzipSync(await readFile(`${recorded}/${path}`)).toString()
}

describe('the recorded sessions of New York and Tokyo', () => {
  it.each([
    ['xnys_to_2017', 'XNYS', '2016', 30],
    ['xtks', 'XTKS', '2011', 30],
  ])(
    '%s have the windows that completeness counts, half days and breaks as they were',
    async (file, mic, year, minutes) => {
      if (recorded === undefined) return
      const sessions = (await recordedText(`calendars/${file}.csv.gz`)).trimEnd().split('\n').slice(1)
      const iso = (text: string): string => `${text.slice(0, 19).replace(' ', 'T')}Z`
      const rows = sessions
        .filter(line => line.startsWith(year))
        .map(line => line.split(','))
        .flatMap(([, open, close, pause, again]) =>
          (pause === ''
            ? [[open, close]]
            : [
                [open, pause],
                [again, close],
              ]
          ).flatMap(([from, to]) => windows(iso(from!), iso(to!), minutes, { instrument_id: `equity:${mic}:Z` })),
        )
      const asked = { detector: 'completeness', step: '30m', min_percent: 100, severity: 'warn' }
      const contract = { ...observations([asked]), calendar: mic }
      const verdict = async (some: readonly InputRow[]) =>
        findings(await run(folder.lake({ models: [], contracts: [contract] }), some))
      expect(rows.length).toBeGreaterThan(2000)
      expect(await verdict(rows)).toEqual([])
      expect(await verdict(rows.filter((_, at) => at !== 1000))).toEqual(['completeness'])
    },
  )
})

describe('recorded minutes', () => {
  const minutely = { detector: 'completeness', step: '1m', min_percent: 99 }

  it('of the pound in the week of foreign exchange pass', async () => {
    if (recorded === undefined) return
    const lines = (await recordedText('fx_intraday/gbpusd-m1-bid-2012.csv.gz')).trimEnd().split('\n').slice(1)
    const rows = lines.map(line => {
      const [at = '', , , , close] = line.split(',')
      return { instrument_id: 'fx:ecb:EURUSD', source: 'fxcm', event_time: at.replace(' ', 'T'), close }
    })
    expect(await verdictOf(minutely, rows)).toEqual([])
  })

  it('of a coin that lacks 717 of 14,398 are found', async () => {
    if (recorded === undefined) return
    const candles = JSON.parse(await recordedText('crypto/freqtrade/UNITTEST_BTC-1m.json.gz')) as number[][]
    const rows = candles.map(([ms, , , , close]) => ({
      ...{ instrument_id: 'crypto:coingecko:bitcoin', source: 'test', close },
      event_time: new Date(ms!).toISOString(),
    }))
    expect(await verdictOf(minutely, rows)).toEqual(['completeness'])
    expect(await verdictOf({ ...minutely, min_percent: 95 }, rows)).toEqual([])
  })
})

describe('the hours of Bitstamp', () => {
  it('are held as a whole: in more than half of them the volume columns are swapped', async () => {
    if (recorded === undefined) return
    const text = gunzipSync(await readFile(`${recorded}/crypto/bitstamp/Bitstamp_BTCUSD_1h.csv.gz`)).toString()
    const rows = text
      .trimEnd()
      .split('\n')
      .slice(2)
      .map(line => line.trim().split(','))
    const records = rows.map(([unix, , , open, high, low, close, volume, value]) => ({
      instrument_id: 'crypto:coingecko:bitcoin',
      bar_interval: '1h',
      event_time: new Date(Number(unix) * 1000).toISOString(),
      ...{ open, high, low, close, volume, quote_volume: value, currency: 'USD' },
    }))
    const path = await folder.write('bitstamp.ndjson', ndjson(records))
    const record = await folder.lake().run({ input: [path], contract: 'bars', nowMs: NOW })
    expect(record.status).toBe('held')
    expect(record.pipes).toMatchObject([{ accepted: 0, rules: { value_per_unit: 20_143 } }])
  })
})

describe('a figure of a batch', () => {
  it('holds the pipe that it blames, and no other', async () => {
    const good = closes('2025-11-03', 80, wave)
    const thin = closes('2025-11-03', 80, wave, { source: 'thin' }).filter((_, at) => at % 2 === 0)
    const record = await twoPipes(observations([{ detector: 'completeness', min_percent: 95 }]), good, thin)
    expect(record.status).toBe('partial')
    expect(record.pipes).toMatchObject([
      { pipe: 'good', accepted: good.length, held: 0 },
      { pipe: 'thin', accepted: 0, held: thin.length },
    ])
  })
})

async function twoPipes(contract: Contract, good: readonly InputRow[], thin: readonly InputRow[]): Promise<RunRecord> {
  await folder.write('good.ndjson', ndjson(good))
  await folder.write('thin.ndjson', ndjson(thin))
  const pipe = (name: string) => `  - { name: ${name}, source: file, contract: observations, input: ${name}.ndjson }\n`
  const pipes = parsePipes(`pipes:\n${pipe('good')}${pipe('thin')}`, 'pipes/two.yaml')
  return folder.lake({ models: [], contracts: [contract], pipes }).run({})
}
