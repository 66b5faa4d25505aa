import { expect, test } from 'vitest'
import { openGoldLake } from './gold-lake.js'
import { expectSlicesEqual } from './slices.js'

const DAY = 86_400_000
const FIRST = Date.UTC(2020, 0, 1)
const IDS = ['equity:own:A', 'equity:own:B', 'equity:own:C']
const REFERENCES = {
  instruments: `instrument_id,asset_class,currency\n${IDS.map(id => `${id},equity,USD`).join('\n')}`,
  garch_parameters: `instrument_id,omega,alpha,beta\n${IDS[0]},1.5e-6,0.09,0.9\n${IDS[2]},0.0001,0.3,0.5`,
}

/** Random walks with gaps and splits. */
const HISTORY = `
  INSERT INTO silver.bars (instrument_id, bar_interval, event_time, open, high, low, close, currency, _known_at)
    SELECT id, '1d', moment, p, p + 1, p - 1, p + 0.5, 'USD', moment + INTERVAL 1 DAY
    FROM (SELECT id, make_timestamptz(${FIRST}000 + d * ${DAY}000) AS moment,
        ((100 + (hash(d, id) % 4000) / 1000.0 + d % 97) / CASE WHEN d >= 500 THEN 7 ELSE 1 END)::DECIMAL(38,18) AS p
      FROM range(1200) AS t(d), (SELECT unnest([${IDS.map(id => `'${id}'`).join(', ')}]) AS id) WHERE hash(d, id, 3) % 10 < 9);
  INSERT INTO silver.corporate_actions (instrument_id, ex_date, action_type, ratio, action_id, _known_at)
    SELECT id, DATE '2020-01-01' + d, 'split', r, 'x', TIMESTAMPTZ '2020-01-01'
    FROM (SELECT unnest([${IDS.map(id => `'${id}'`).join(', ')}]) AS id), (VALUES (500, 7), (611, 0.3), (640, 1.1)) AS v(d, r)`

const touched = [450, 770, 1190].map(day => ({ start: FIRST + day * DAY, end: FIRST + day * DAY + 1 }))

test.each(['volatility', 'drawdowns'])(
  '%s computed slice by slice equals computed at once, to the bit',
  async table => {
    const found: unknown[] = []
    for (const threads of [1, 2]) {
      const lake = await openGoldLake(threads, REFERENCES)
      try {
        await lake.engine.run(HISTORY)
        await lake.derive('returns_daily')
        found.push(await expectSlicesEqual(lake, table, { 'gold.returns_daily': 'date::TIMESTAMPTZ' }, touched))
        const kind = table === 'volatility' ? 'estimator' : 'state'
        const kinds = await lake.rows(`SELECT DISTINCT ${kind} AS kind FROM work.at_once WHERE reason IS NULL`)
        expect(kinds.map(row => row['kind'])).toContain(table === 'volatility' ? 'garch' : 'recovered')
      } finally {
        lake.close()
      }
    }
    expect(found[0]).toEqual(found[1])
  },
)
