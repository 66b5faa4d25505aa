import type { DuckDbConnection } from '../engine/duckdb.js'
import { mapConcurrently, onSingleThreads } from '../lake/write-files.js'

/** A connection with a catalog of its own, so that the same names can mean different slices side by side. */
export interface Lane {
  readonly engine: DuckDbConnection
  readonly catalog: string
  /** The SELECT of each view of an input that it has. */
  readonly views: Map<string, string>
}

/** The lanes of a run, opened when they are first needed: most increments need one. Close them when done. */
export interface Lanes {
  readonly engines: readonly DuckDbConnection[]
  first(): Promise<Lane>
  all(): Promise<Lane[]>
  close(): Promise<void>
}

/** Gives each connection its own empty catalog with the layers' schemas and `work`. `prepare` defines what else each has. */
export function lanesOf(
  engines: readonly DuckDbConnection[],
  prepare: (engine: DuckDbConnection) => Promise<void>,
): Lanes {
  const opened = new Map<number, Promise<Lane>>()
  const open = (at: number): Promise<Lane> => {
    const known = opened.get(at) ?? openLane(engines[at]!, `lane_${at}`, prepare)
    opened.set(at, known)
    return known
  }
  return {
    engines,
    first: () => open(0),
    all: () => Promise.all(engines.map((_, at) => open(at))),
    close: async () => {
      for (const lane of await Promise.allSettled(opened.values()))
        if (lane.status === 'fulfilled') await closeLane(lane.value)
    },
  }
}

async function openLane(
  engine: DuckDbConnection,
  catalog: string,
  prepare: (engine: DuckDbConnection) => Promise<void>,
): Promise<Lane> {
  await engine.run(`ATTACH ':memory:' AS ${catalog}; USE ${catalog}`)
  await engine.run('CREATE SCHEMA work; CREATE SCHEMA silver; CREATE SCHEMA gold')
  await prepare(engine)
  return { engine, catalog, views: new Map() }
}

async function closeLane({ engine, catalog }: Lane): Promise<void> {
  await engine.run(`USE memory; DETACH ${catalog}`)
}

/** Works on several items side by side, one per lane and each on a single thread; a lone item has all threads. Results keep the order. */
export async function acrossLanes<Item, Result>(
  lanes: Lanes,
  items: readonly Item[],
  work: (item: Item, lane: Lane) => Promise<Result>,
): Promise<Result[]> {
  if (items.length <= 1) return Promise.all(items.map(async item => work(item, await lanes.first())))
  const idle = await lanes.all()
  return onSingleThreads(idle[0]!.engine, () =>
    mapConcurrently(items, idle.length, async item => {
      const lane = idle.pop()!
      try {
        return await work(item, lane)
      } finally {
        idle.push(lane)
      }
    }),
  )
}
