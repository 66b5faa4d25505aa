import type { ObjectStore } from '../../storage/object-store.js'
import { openRows } from './open-rows.js'
import { rebuildIndex, recordedRows } from './rebuild-index.js'
import { isWhole, listSegments, looseRows, readSegment } from './row-index.js'
import { inOrder, type RunRow } from './run-row.js'
import { fits, type RowFilter, searchSegment } from './segment.js'

const TRIES = 10
/** Segments that are read together, once the newest one did not suffice. */
const READS_AT_ONCE = 8

export interface RowSearch extends RowFilter {
  /** No more than these, the newest. */
  readonly limit: number
}

/**
 * Lines of the list of runs, the newest first. Reads the index, from its newest end and only as far as needed; where there is none, makes it
 * from the records, and where nothing can be written, reads those.
 */
export async function findRows(
  store: ObjectStore,
  search: RowSearch,
  onIndexing?: (rows: number) => void,
): Promise<RunRow[]> {
  if (!(await isWhole(store))) {
    const made = await rebuildIndex(store, onIndexing).then(...OUTCOME)
    if (!made) return searchRecords(store, search)
  }
  for (let tried = 0; tried < TRIES; tried++) {
    const found = await searchIndex(store, search).catch(cause => {
      if (cause instanceof SyntaxError) return 'damaged' as const
      throw cause
    })
    if (found === 'damaged' && !(await rebuildIndex(store, onIndexing).then(...OUTCOME))) break
    if (found !== undefined && found !== 'damaged') return found
  }
  return searchRecords(store, search)
}

const OUTCOME = [() => true, () => false] as const

/** Undefined when a segment went away meanwhile. */
async function searchIndex(store: ObjectStore, search: RowSearch): Promise<RunRow[] | undefined> {
  const open = await openRows(store)
  const loose = await looseRows(store)
  const segments = (await listSegments(store)).filter(
    ({ firstMs, lastMs }) => firstMs < (search.untilMs ?? lastMs + 1) && lastMs >= (search.sinceMs ?? 0),
  )
  let found = newest(
    [...open, ...loose].filter(row => fits(row, search)),
    search.limit,
  )
  for (let at = 0; at < segments.length; ) {
    const next = segments.slice(at, at + (at === 0 ? 1 : READS_AT_ONCE))
    // Names have no time before 1970.
    const oldest = found.length < search.limit ? undefined : found.at(-1)!.started_ms
    if (oldest !== undefined && oldest > Math.max(0, next[0]!.lastMs)) break
    const bodies = await Promise.all(next.map(segment => readSegment(store, segment)))
    if (bodies.some(body => body === undefined)) return undefined
    found = newest([...found, ...bodies.flatMap(body => searchSegment(body!, search))], search.limit)
    at += next.length
  }
  return found
}

function newest(rows: readonly RunRow[], limit: number): RunRow[] {
  return inOrder(rows).slice(0, limit)
}

async function searchRecords(store: ObjectStore, search: RowSearch): Promise<RunRow[]> {
  const open = (await openRows(store)).filter(row => fits(row, search))
  let found = newest(open, search.limit)
  for await (const rows of recordedRows(store))
    found = newest([...found, ...rows.filter(row => fits(row, search))], search.limit)
  return found
}
