import type { DuckDbConnection } from '../engine/duckdb.js'
import { mapConcurrently, onSingleThreads } from '../lake/write-files.js'

/** A connection with a catalog of its own, so that the same names can mean different slices side by side. */
export interface Lane {
  readonly engine: DuckDbConnection
  readonly catalog: string
}

/** Gives each connection its own empty catalog with the layers' schemas and `work`. Close them when done. */
export async function openLanes(
  engines: readonly DuckDbConnection[],
  prepare: (engine: DuckDbConnection) => Promise<void>,
): Promise<Lane[]> {
  const lanes = engines.map((engine, at) => ({ engine, catalog: `lane_${at}` }))
  for (const { engine, catalog } of lanes) {
    await engine.run(`ATTACH ':memory:' AS ${catalog}`)
    await engine.run(`USE ${catalog}`)
    for (const schema of ['work', 'silver', 'gold']) await engine.run(`CREATE SCHEMA ${schema}`)
    await prepare(engine)
  }
  return lanes
}

export async function closeLanes(lanes: readonly Lane[]): Promise<void> {
  for (const { engine, catalog } of lanes) {
    await engine.run('USE memory')
    await engine.run(`DETACH ${catalog}`)
  }
}

/** Works on several items side by side, one per lane and each on a single thread; a lone item has all threads. Results keep the order. */
export async function acrossLanes<Item, Result>(
  lanes: readonly Lane[],
  items: readonly Item[],
  work: (item: Item, lane: Lane) => Promise<Result>,
): Promise<Result[]> {
  if (items.length <= 1) return Promise.all(items.map(item => work(item, lanes[0]!)))
  const idle = [...lanes]
  return onSingleThreads(lanes[0]!.engine, () =>
    mapConcurrently(items, lanes.length, async item => {
      const lane = idle.pop()!
      try {
        return await work(item, lane)
      } finally {
        idle.push(lane)
      }
    }),
  )
}
