import { type Draw, drawOf } from './draw.js'
import { coin, type Lane, type LaneKind, reference, series, share, type Times, table, ticks, vendor } from './lanes.js'
import type { Mode } from './mode.js'
import { CATALOGUE } from './modes/catalogue.js'
import { judgeLane, type LaneOutcome } from './oracle.js'
import { type Candidates, type PlantedLane, plantLane } from './plant-lane.js'
import { openWorld } from './world.js'

/** What is to be planted in one lane. */
export interface Choice extends Candidates {
  /** The run whose answer is planted on: that of the history, or that of the days after it. Undefined: the first that has a place. */
  readonly run: 1 | 2 | undefined
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
    const { run, ...candidates } = choose(lane, draw, place)
    const own = draw.int(0, 2 ** 31)
    const plantedIn = (which: 1 | 2): PlantedLane => plantLane(lane, clean.get(lane)!, candidates, which, times, own)
    const first = plantedIn(run ?? 1)
    return run === undefined && first.plants.length < candidates.most ? plantedIn(2) : first
  })
  const found = await world.runs(planted)
  return { seed, lanes: planted.map(lane => judgeLane(lane, found)) }
}

/** Worlds are of few datasets, in turn: each costs a run as much as twenty series in it. */
const WORLDS: readonly (readonly LaneKind[])[] = [
  [...Array<LaneKind>(10).fill('share'), ...Array<LaneKind>(8).fill('coin')],
  [...Array<LaneKind>(9).fill('table'), ...Array<LaneKind>(9).fill('reference')],
  [...Array<LaneKind>(12).fill('share'), ...Array<LaneKind>(6).fill('coin')],
  [
    'share',
    'share',
    'coin',
    ...Array<LaneKind>(5).fill('vendor'),
    'series',
    'series',
    'series',
    'ticks',
    'ticks',
    'ticks',
  ],
]
/** Candidates for one lane; most pairs of modes go together. */
const TRIED = 8

/** A world with a lane for each mode of a list, and nothing else in it. */
export function worldOfEach(seed: number, modes: readonly Mode[]): Promise<WorldOutcome> {
  const kinds = modes.map(({ lanes }) => lanes[0]!)
  return runWorld(seed, kinds, (_, __, place) => ({ modes: [modes[place]!], most: 1, run: undefined }))
}

/** A world in which each lane has no mode, one, or two, by chance. */
export function randomWorld(seed: number, kinds = WORLDS[seed % WORLDS.length]!): Promise<WorldOutcome> {
  return runWorld(seed, kinds, ({ kind }, draw) => {
    const fitting = shuffled(
      CATALOGUE.filter(({ lanes }) => lanes.includes(kind)),
      draw,
    )
    const most = draw.pick([0, 1, 1, 1, 2, 2, 2, 2])
    return {
      modes: most === 0 ? [] : fitting.slice(0, TRIED),
      most,
      run: draw.chance(0.4) && kind !== 'series' ? 2 : 1,
    }
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

/** Lanes that are others in each world. Two of one kind do not ask for the same, so there are no more of a kind than its codes. */
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
        return table(tables.pop()!)
      case 'reference':
        return reference(references.pop()!)
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
