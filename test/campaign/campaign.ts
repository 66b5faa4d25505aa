import { type Draw, drawOf } from './draw.js'
import { coin, type Lane, type LaneKind, reference, series, share, type Times, table, ticks, vendor } from './lanes.js'
import type { Mode } from './mode.js'
import { CATALOGUE } from './modes/catalogue.js'
import { judgeLane, type LaneOutcome } from './oracle.js'
import { plantLane } from './plant-lane.js'
import { openWorld } from './world.js'

/** What is to be planted in one lane. */
export interface Choice {
  readonly modes: readonly Mode[]
  /** The run whose answer is planted on: that of the history, or that of the days after it. */
  readonly run: 1 | 2
}

export interface WorldOutcome {
  readonly seed: number
  readonly lanes: readonly LaneOutcome[]
}

const DAY_MS = 86_400_000
const HISTORY_DAYS = 70
const NOON_MS = 13 * 3_600_000

/**
 * One world: a project, a lake and a simulator of their own, two runs of the product, and the judgement. The same seed and choices give
 * the same outcome.
 */
export async function runWorld(
  seed: number,
  kinds: readonly LaneKind[],
  choose: (lane: Lane, draw: Draw, place: number) => Choice,
): Promise<WorldOutcome> {
  const draw = drawOf(seed)
  const times = timesOf(draw)
  const lanes = lanesOf(kinds, draw, times)
  await using world = await openWorld(seed, times)
  const clean = await world.cleanRows(lanes)
  const planted = lanes.map((lane, place) => {
    const { modes, run } = choose(lane, draw, place)
    return plantLane(lane, clean.get(lane)!, modes, run, times, draw.int(0, 2 ** 31))
  })
  const found = await world.runs(planted)
  return { seed, lanes: planted.map(lane => judgeLane(lane, found)) }
}

/** The lanes of a world of the whole campaign. */
const KINDS: readonly LaneKind[] = [
  ...(['share', 'share', 'share', 'share', 'share', 'coin', 'coin', 'coin', 'coin'] as const),
  ...(['table', 'table', 'table', 'reference', 'reference', 'reference', 'ticks', 'vendor', 'vendor'] as const),
]

/** A world in which each lane has no mode, one, or two, by chance. */
export function randomWorld(seed: number): Promise<WorldOutcome> {
  const kinds = seed % 3 === 0 ? [...KINDS, 'series' as const, 'series' as const] : KINDS
  return runWorld(seed, kinds, ({ kind }, draw) => {
    const fitting = CATALOGUE.filter(({ lanes }) => lanes.includes(kind))
    const run = draw.chance(0.6) ? 1 : 2
    const count = draw.pick([0, 1, 1, 1, 2, 2, 2, 2])
    const first = draw.pick(fitting)
    const second = draw.pick(fitting.filter(mode => mode !== first))
    return { modes: [first, second].slice(0, count), run: kind === 'series' ? 1 : run }
  })
}

/** A day of two years, when the European markets are open and New York is not; a second run two weeks later or three. */
function timesOf(draw: Draw): Times {
  const today = Date.UTC(2024, 3, 1) + draw.int(0, 730) * DAY_MS
  return {
    sinceMs: today - HISTORY_DAYS * DAY_MS,
    firstMs: today + NOON_MS,
    secondMs: today + draw.int(14, 20) * DAY_MS + NOON_MS,
  }
}

const TABLE_CODES = [
  'USD',
  'EUR',
  'CHF',
  'GBP',
  'JPY',
  'CZK',
  'SEK',
  'NOK',
  'HUF',
  'TRY',
  'CNY',
  'CAD',
  'AUD',
  'THB',
  'MXN',
]
const REFERENCE_CODES = [
  'USD',
  'CHF',
  'GBP',
  'JPY',
  'CZK',
  'HUF',
  'TRY',
  'CNY',
  'CAD',
  'AUD',
  'THB',
  'MXN',
  'BRL',
  'KRW',
  'ZAR',
]
const MARKETS = ['us', 'uk', 'de', 'pl'] as const

/** Lanes that are others in each world: no two of one kind ask for the same. */
function lanesOf(kinds: readonly LaneKind[], draw: Draw, times: Times): Lane[] {
  const [tables, references] = [shuffled(TABLE_CODES, draw), shuffled(REFERENCE_CODES, draw)]
  const first = draw.int(100, 9000)
  const laneOf = (kind: LaneKind, at: number): Lane => {
    switch (kind) {
      case 'share':
        return share(first + at, draw.pick(MARKETS))
      case 'coin':
        return coin(first + at)
      case 'table':
        return table(tables[at % tables.length]!)
      case 'reference':
        return reference(references[at % references.length]!)
      case 'series':
        return series(first + at)
      case 'ticks':
        return ticks(first + at)
      case 'vendor':
        return vendor(first + at, times)
    }
  }
  return kinds.map(laneOf)
}

function shuffled<T>(all: readonly T[], draw: Draw): T[] {
  return all
    .map(one => ({ one, at: draw.between(0, 1) }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one)
}
