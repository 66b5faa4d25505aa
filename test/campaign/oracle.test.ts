import { describe, expect, it } from 'vitest'
import { coin, type Times } from './lanes.js'
import type { Mode } from './mode.js'
import { type Found, judgeLane, keyOf, type LakeRow } from './oracle.js'
import { type PlantedLane, plantLane } from './plant-lane.js'
import { plainNumber, type Row, withCells } from './row.js'

const DAY = 86_400_000
const TIMES: Times = { sinceMs: 0, firstMs: 12 * DAY + 1, secondMs: 14 * DAY + 1 }
const LANE = coin(1)
const CLEAN: readonly Row[] = Array.from({ length: 12 }, (_, at) => ({
  at: String(at * DAY),
  cells: Object.fromEntries(LANE.figures.map(name => [name, `${100 + at}.50`])),
}))

function mode(must: Mode['must'], at = 5, close = '900'): Mode {
  return {
    id: '01 of the test',
    does: 'one close',
    lanes: ['coin'],
    must,
    plant: ({ rows }) => ({ rows: new Map([[at, [withCells(rows[at]!, { close })]]]) }),
  }
}

const planted = (...modes: readonly Mode[]): PlantedLane =>
  plantLane(LANE, CLEAN, { modes, most: modes.length }, 1, TIMES, 1)

/** A row as the lake has it: decimals with all their places. */
function inLake(row: Row, changes: Readonly<Record<string, string>> = {}): LakeRow {
  const figures = Object.entries({ ...row.cells, ...changes }).map(([name, text]) => [
    name,
    text.includes('.') ? `${text}0000` : `${text}.0000`,
  ])
  return { instrument: LANE.instrument, key: keyOf(LANE, row.at), figures: Object.fromEntries(figures) }
}

function found(silver: readonly LakeRow[], quarantine: Found['quarantine'] = [], rules: readonly string[] = []): Found {
  const pipe = { pipe: LANE.pipe, held: 0, rules: Object.fromEntries(rules.map(rule => [rule, 1])) }
  return { records: [{ pipes: [pipe], datasets: [], sources: [] }] as never, silver, quarantine }
}

const all = (...without: readonly number[]): LakeRow[] =>
  CLEAN.filter((_, at) => !without.includes(at)).map(row => inLake(row))

describe('the oracle', () => {
  const tick = planted(mode({ kind: 'quarantine', rules: ['bad_tick'] }))

  it('finds what is in silver and was never true', () => {
    const silver = [...all(5), inLake(CLEAN[5]!, { close: '900' })]
    expect(judgeLane(tick, found(silver)).modes).toMatchObject([{ verdict: 'missed', how: '1 rows in silver' }])
  })

  it('is content when it is kept out, and says by which rule', () => {
    const { modes, alarms } = judgeLane(tick, found(all(5), [], ['bad_tick']))
    expect([modes[0], alarms]).toMatchObject([{ verdict: 'caught', how: 'bad_tick' }, []])
  })

  it('raises an alarm for a right row that waits in quarantine, or is nowhere', () => {
    const waiting = [{ ...inLake(CLEAN[6]!), rules: ['bad_tick'] }]
    expect(judgeLane(tick, found(all(5, 6), waiting)).alarms).toEqual(['1 right rows quarantined (bad_tick)'])
    expect(judgeLane(tick, found(all(5, 6))).alarms).toEqual(['1 right rows lost'])
  })

  it('raises an alarm where what is real is held, and where nothing is wrong', () => {
    const held: Found = {
      ...found([]),
      records: [{ pipes: [{ pipe: LANE.pipe, held: 12, rules: {} }], datasets: [] }] as never,
    }
    expect(judgeLane(planted(mode({ kind: 'pass' })), held).alarms).toHaveLength(1)
    expect(judgeLane(planted(), held).alarms).toHaveLength(1)
    expect(judgeLane(tick, held).alarms).toEqual([])
  })

  it('wants what is real in silver as it was said', () => {
    const move = planted(mode({ kind: 'pass' }))
    expect(judgeLane(move, found([...all(5), inLake(CLEAN[5]!, { close: '900' })])).alarms).toEqual([])
    expect(judgeLane(move, found(all(5))).alarms).toEqual(['1 right rows lost'])
  })

  it('raises an alarm for a row that was mended, or made up', () => {
    const mended = [...all(5), inLake(CLEAN[5]!, { close: '105.5' })]
    expect(judgeLane(planted(mode({ kind: 'pass' })), found(mended)).alarms).toEqual(['1 rows say what nobody said'])
    const more = inLake({ ...CLEAN[5]!, at: String(99 * DAY) })
    expect(judgeLane(planted(), found([...all(), more])).alarms).toEqual(['1 rows say what nobody said'])
  })

  it('wants a flag from a rule that is made for it', () => {
    const flagged = planted(mode({ kind: 'flag', rules: ['large_move'] }))
    const silver = [...all(5), inLake(CLEAN[5]!, { close: '900' })]
    expect(judgeLane(flagged, found(silver, [], ['stale_close'])).modes).toMatchObject([{ verdict: 'missed' }])
    expect(judgeLane(flagged, found(silver, [], ['large_move'])).modes).toMatchObject([{ verdict: 'caught' }])
  })
})

it.each([
  ['1.500', '1.5'],
  ['-0.00', '0'],
  ['00012', '12'],
  ['15e-1', '1.5'],
  ['1.5E3', '1500'],
  ['9007199254740993.000000', '9007199254740993'],
  ['NaN', 'NaN'],
  ['', ''],
])('the number %s is %s', (text, plain) => {
  expect(plainNumber(text)).toBe(plain)
})
