import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type GoldLake, openGoldLake } from './gold-lake.js'

const GDP = 'macro:fred:GDPC1'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

/** A figure: first day of its period, value, when it came to be known. */
type Figure = readonly [period: string, value: string | null, knownAt: string]

async function derive(figures: readonly Figure[], series = GDP): Promise<void> {
  await lake.add(
    'silver.macro_observations_versions',
    figures.map(([event_time, value, _known_at]) => ({
      ...{ instrument_id: series, event_time, value, source: 'fred', _known_at },
    })),
  )
  await lake.derive('macro_daily')
}

async function on(...dates: string[]): Promise<string[]> {
  const rows = await lake.rows(`SELECT date, value::DOUBLE AS value, reason, period FROM gold.macro_daily
    WHERE date IN (${dates.map(date => `'${date}'`).join(', ')}) ORDER BY date`)
  return rows.map(({ date, value, reason, period }) => `${date} ${value ?? reason} of ${period}`)
}

describe('macro_daily', () => {
  test('has the figure that was known at the end of the day, not the one that it was revised to', async () => {
    // Real GDP of 2000-01-01 and its first revision, as FRED had them.
    await derive([
      ['2000-01-01', '9192.0', '2000-04-27T12:30:00Z'],
      ['2000-01-01', '9102.0', '2000-07-28T12:30:00Z'],
      ['2000-04-01', '9300.0', '2000-07-28T12:30:00Z'],
    ])
    expect(await on('2000-04-26', '2000-04-27', '2000-07-27', '2000-07-28')).toEqual([
      ...['2000-04-27 stale of 2000-01-01', '2000-07-27 stale of 2000-01-01', '2000-07-28 9300 of 2000-04-01'],
    ])
  })

  test('knows how long a figure may be carried from the two newest periods', async () => {
    await derive([
      ['1999-10-01', '9100', '2000-01-28T13:30:00Z'],
      ['2000-01-01', '9192', '2000-04-27T12:30:00Z'],
    ])
    const rows = await lake.rows(
      `SELECT DISTINCT frequency, max_age_days, period FROM gold.macro_daily ORDER BY period`,
    )
    expect(rows).toEqual([
      { frequency: null, max_age_days: 10, period: '1999-10-01' },
      { frequency: 'quarterly', max_age_days: 300, period: '2000-01-01' },
    ])
    // 300 days after the period began, the day after, and the last one on which there is anything to say.
    expect(await on('2000-10-27', '2000-10-28', '2002-03-11', '2002-03-12')).toEqual([
      ...['2000-10-27 9192 of 2000-01-01', '2000-10-28 stale of 2000-01-01', '2002-03-11 stale of 2000-01-01'],
    ])
  })

  test.each([
    ['daily', ['2024-01-04', '2024-01-08'], 10],
    ['weekly', ['2024-01-05', '2024-01-12'], 35],
    ['monthly', ['2024-02-01', '2024-03-01'], 130],
    ['quarterly', ['2024-01-01', '2024-04-01'], 300],
    ['annual', ['2023-01-01', '2024-01-01'], 800],
    [null, ['2022-01-01', '2024-01-01'], 10],
  ] as const)('takes a series for %s', async (frequency, periods, limit) => {
    await derive(periods.map(period => [period, '1', '2024-06-01T00:00:00Z'] as const))
    const rows = await lake.rows('SELECT DISTINCT frequency, max_age_days FROM gold.macro_daily')
    expect(rows).toEqual([{ frequency, max_age_days: limit }])
  })

  test('does not see an earlier period that is published later, nor a revision of it', async () => {
    await derive([
      ['2024-02-01', '2', '2024-03-15T12:00:00Z'],
      ['2024-03-01', '3', '2024-04-15T12:00:00Z'],
      ['2024-01-01', '1', '2024-05-02T12:00:00Z'],
      ['2024-02-01', '22', '2024-05-03T12:00:00Z'],
    ])
    expect(await on('2024-05-01', '2024-05-02', '2024-05-03')).toEqual([
      ...['2024-05-01 3 of 2024-03-01', '2024-05-02 3 of 2024-03-01', '2024-05-03 3 of 2024-03-01'],
    ])
    expect(await lake.rows(`SELECT count(*)::INTEGER AS n FROM gold.macro_daily WHERE value IN (1, 22)`)).toEqual([
      { n: 0 },
    ])
  })

  test('counts what comes at midnight for the day that ends then, and a projection from when its period begins', async () => {
    await derive([
      ['2024-05-01', '1', '2024-05-02T00:00:00Z'],
      ['2024-05-02', '2', '2024-05-03T00:00:00.000001Z'],
      ['2024-05-06', '6', '2024-05-03T09:00:00Z'],
    ])
    expect(await on('2024-05-01', '2024-05-02', '2024-05-03', '2024-05-05', '2024-05-06')).toEqual([
      ...['2024-05-01 1 of 2024-05-01', '2024-05-02 1 of 2024-05-01', '2024-05-03 2 of 2024-05-02'],
      ...['2024-05-05 2 of 2024-05-02', '2024-05-06 6 of 2024-05-06'],
    ])
  })

  test('passes over holidays without a figure, and says when one was taken back', async () => {
    await derive([
      ['2024-05-01', '1', '2024-05-01T22:00:00Z'],
      ['2024-05-02', null, '2024-05-02T22:00:00Z'],
      ['2024-05-03', '3', '2024-05-03T22:00:00Z'],
      ['2024-05-03', null, '2024-05-05T22:00:00Z'],
      ['2024-05-06', '6', '2024-05-06T22:00:00Z'],
    ])
    expect(await on('2024-05-02', '2024-05-04', '2024-05-05', '2024-05-06')).toEqual([
      ...['2024-05-02 1 of 2024-05-01', '2024-05-04 3 of 2024-05-03', '2024-05-05 withdrawn of 2024-05-03'],
      '2024-05-06 6 of 2024-05-06',
    ])
  })

  test('has rows that are known at the end of their day, when each value was', async () => {
    await derive([
      ['2024-05-01', '1', '2024-05-01T22:00:00Z'],
      ['2024-05-02', '2', '2024-05-03T09:00:00Z'],
    ])
    const rows = await lake.rows(`SELECT date, epoch_ms(_known_at) = epoch_ms((date + 1)::TIMESTAMPTZ) AS at_its_end,
      value_known_at <= _known_at AS was_known FROM gold.macro_daily`)
    expect(rows.filter(row => row['at_its_end'] !== true || row['was_known'] !== true)).toEqual([])
    expect(rows.length).toBe(802)
  })
})
