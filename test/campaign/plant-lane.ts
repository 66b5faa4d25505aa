import { type Draw, drawOf } from './draw.js'
import { type Lane, seriesSince, type Times } from './lanes.js'
import type { Mode, Must, Planted, Series } from './mode.js'
import type { Row } from './row.js'

/** A mode as it is planted in a lane. */
export interface Plant {
  readonly mode: Mode
  readonly must: Must
  readonly planted: Planted
}

/** A lane of a world with all that is planted in it, which may be nothing. */
export interface PlantedLane {
  readonly lane: Lane
  readonly series: Series
  readonly plants: readonly Plant[]
  /** By place of the clean rows, with what was real; undefined where a row is not final at the end. */
  readonly truth: readonly (Row | undefined)[]
}

/** Modes in the order in which they are tried, until so many are planted. */
export interface Candidates {
  readonly modes: readonly Mode[]
  readonly most: number
}

const DAY_MS = 86_400_000

/**
 * Plants modes in a lane, one after the other: each sees what those before it have made of the rows. One that finds no place, or that
 * cannot be told from another one in the same rows, is passed over.
 */
export function plantLane(
  lane: Lane,
  all: readonly Row[],
  { modes, most }: Candidates,
  run: 1 | 2,
  times: Times,
  seed: number,
): PlantedLane {
  const draw = drawOf(seed)
  const clean = all.filter(row => isOfHistory(lane, row, times))
  const series = seriesOf(lane, clean, run, times)
  const plants: Plant[] = []
  let seen = series
  let truth: readonly Row[] = clean
  // What is real is the ground on which errors are planted, never the other way round.
  for (const mode of modes) {
    if (plants.length === most) break
    if (mode.must.kind === 'pass' && plants.some(({ must }) => must.kind !== 'pass')) continue
    const planted = plantOne(mode, seen, draw)
    if (planted === undefined || !goesWith(planted, mode, plants, series.run)) continue
    const must = planted.must ?? mode.must
    plants.push({ mode, must, planted })
    if (must.kind === 'pass') truth = applied(truth, planted)
    seen = { ...seen, rows: applied(seen.rows, planted) }
  }
  const settled = plants.map(plant => ({ ...plant, must: plant.planted.mustAmong?.(seen.rows) ?? plant.must }))
  return { lane, series, plants: settled, truth: truth.map(row => (isDue(lane, row, times) ? row : undefined)) }
}

function plantOne(mode: Mode, series: Series, draw: Draw): Planted | undefined {
  return mode.lanes.includes(series.lane.kind) && series.from < series.to ? mode.plant(series, draw) : undefined
}

/** Whether a row is over at the second run. */
function isDue({ form, coversMs }: Lane, { at }: Row, { secondMs }: Times): boolean {
  return form.startMs(at) + coversMs <= secondMs
}

/** An answer about vintages also has those that stood before the history of the pipe begins; they are no records of it. */
function isOfHistory({ form, kind }: Lane, { at }: Row, times: Times): boolean {
  return kind !== 'series' || form.startMs(at.slice(-10)) >= seriesSince(times)
}

/** Which rows come with the answer of a run: of the day of the first run itself, some are not final in either. */
function seriesOf(lane: Lane, rows: readonly Row[], run: 1 | 2, { firstMs, secondMs }: Times): Series {
  const [first, second] = [firstMs, secondMs].map(ms => Math.floor(ms / DAY_MS)) as [number, number]
  const dayOf = ({ at }: Row): number =>
    Math.floor(lane.form.startMs(lane.kind === 'series' ? at.slice(-10) : at) / DAY_MS)
  const placeOf = (isAfter: (row: Row) => boolean): number => {
    const at = rows.findIndex(isAfter)
    return at === -1 ? rows.length : at
  }
  // Five minutes of some hours before the second run: the first one asks for none of them.
  if (lane.kind === 'ticks') return { lane, rows, from: 0, to: rows.length, run: 2, runMs: secondMs }
  if (run === 1) return { lane, rows, from: 0, to: placeOf(row => dayOf(row) >= first), run, runMs: firstMs }
  const [from, to] = [placeOf(row => dayOf(row) > first), placeOf(row => dayOf(row) >= second)]
  return { lane, rows, from, to, run, runMs: secondMs }
}

/** Whether a planted mode can be told from those that are there. */
function goesWith(planted: Planted, mode: Mode, plants: readonly Plant[], run: 1 | 2): boolean {
  const refuses = (kind: Must['kind']): boolean => kind === 'refuse'
  const isRefusal = refuses(mode.must.kind)
  const others = plants.map(plant => plant.planted)
  // Nothing would bring the rows of a second run that was refused.
  if (plants.length > 0 && run === 2 && (isRefusal || plants.some(({ must }) => refuses(must.kind)))) return false
  const hasRefusal = isRefusal || plants.some(({ must }) => refuses(must.kind))
  // The second run asks again; there is no third.
  if (isRefusal && plants.some(({ must }) => refuses(must.kind))) return false
  if (plants.length > 0 && hasRefusal && [planted, ...others].some(({ only }) => only !== undefined)) return false
  // A text is rewritten once.
  const rewrites = [planted, ...others].filter(({ answer }) => answer !== undefined).length
  if (rewrites > 1 && !hasRefusal) return false
  return others.every(other => {
    const shared = [...(planted.rows?.keys() ?? [])].filter(at => other.rows?.has(at) === true)
    if (shared.length === 0) return true
    if (planted.only !== undefined || other.only !== undefined) return false
    return shared.every(at => other.rows!.get(at)!.length === 1)
  })
}

/** Rows after a change that leaves one in the place of each; where it does not, the row stays as it was. */
function applied(rows: readonly Row[], { rows: changes }: Planted): readonly Row[] {
  return rows.map((row, at) => {
    const instead = changes?.get(at)
    return instead?.length === 1 ? instead[0]! : row
  })
}
