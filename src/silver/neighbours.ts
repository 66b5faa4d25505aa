import type { Grain } from '../contract/contract.js'
import type { DataFile, Snapshot } from '../iceberg/types.js'
import type { LoadedTable } from '../lake/catalog.js'
import type { Lake } from '../lake/lake.js'
import { ordinalOf, partitionFiles } from '../lake/scan.js'

/** How many partitions away a neighbour is looked for: a long weekend of hours, a week of holidays, a month without a session. */
const REACH: Readonly<Record<Grain, number>> = { hour: 120, day: 10, month: 2, year: 1 }

/** What stands beside some partitions: published, and written by this run already. */
export interface Beside {
  readonly lake: Lake
  readonly silver: LoadedTable
  readonly before: Snapshot | undefined
  /** Files of earlier batches of this run, and the published ones that they replace. */
  readonly added: readonly DataFile[]
  readonly removed: readonly DataFile[]
}

/** The files of the nearest partition with rows on either side of each run of touched partitions: there the series go on. */
export async function neighbourFiles(
  { lake, silver, before, added, removed }: Beside,
  touched: ReadonlySet<number>,
  grain: Grain,
): Promise<DataFile[]> {
  const near = within(touched, REACH[grain])
  const gone = new Set(removed.map(file => file['file-path']))
  const published = before === undefined ? [] : await partitionFiles(lake, silver, near, before)
  const files = [...published.filter(file => !gone.has(file['file-path'])), ...added].filter(file =>
    near.has(ordinalOf(silver, file)),
  )
  const filled = new Set(files.map(file => ordinalOf(silver, file)))
  const chosen = new Set([...touched].flatMap(ordinal => nearest(ordinal, touched, filled, REACH[grain])))
  return files.filter(file => chosen.has(ordinalOf(silver, file)))
}

/** The partitions that lie at most so far from a touched one and are not touched. */
function within(touched: ReadonlySet<number>, reach: number): Set<number> {
  const near = new Set<number>()
  for (const ordinal of touched) {
    if (touched.has(ordinal - 1) && touched.has(ordinal + 1)) continue
    for (let step = 1; step <= reach; step++) near.add(ordinal - step).add(ordinal + step)
  }
  for (const ordinal of touched) near.delete(ordinal)
  return near
}

function nearest(ordinal: number, touched: ReadonlySet<number>, filled: ReadonlySet<number>, reach: number): number[] {
  return [-1, 1].flatMap(direction => {
    for (let step = direction; Math.abs(step) <= reach; step += direction) {
      if (touched.has(ordinal + step)) return []
      if (filled.has(ordinal + step)) return [ordinal + step]
    }
    return []
  })
}
