import { SluiceError } from '../core/errors.js'
import { shareWaiting } from '../core/share-waiting.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { TableName } from './catalog.js'
import { isFoundByName } from './layout.js'
import { readState, writeState } from './state.js'
import { isNewest } from './state-numbers.js'
import { nameOfKey, tableKey } from './table-location.js'

/** The state that names every table of a lake before it is made: some of them may not be there yet. */
const STATE = 'tables'
/** The folder of that state. */
export const TABLE_NAMES = `_state/${STATE}/`
const TRIES = 20

interface Known {
  /** Of the state; 0 when nothing is named yet. */
  readonly n: number
  readonly keys: ReadonlySet<string>
}

const known = new WeakMap<ObjectStore, Known>()
const readers = new WeakMap<ObjectStore, () => Promise<Known>>()

/** Whether a table is named; one that is not is not there. What others name meanwhile counts. */
export async function isNamed(store: ObjectStore, name: TableName): Promise<boolean> {
  const key = tableKey(name)
  return known.get(store)?.keys.has(key) === true || (await newest(store)).keys.has(key)
}

/** All named tables, in no order. */
export async function namedTables(store: ObjectStore): Promise<TableName[]> {
  return [...(await newest(store)).keys].flatMap(key => nameOfKey(key) ?? [])
}

/**
 * Names tables that are about to be made, all in one write, where they are not named yet. Nothing is written in a lake whose tables are found by
 * listing. Throws SLUICE_STORE_UNAVAILABLE.
 */
export async function nameTables(store: ObjectStore, names: readonly TableName[]): Promise<void> {
  if (!(await isFoundByName(store))) return
  for (let tries = 0; tries < TRIES; tries++) {
    const held = tries === 0 ? (known.get(store) ?? (await newest(store))) : await newest(store)
    const missing = names.map(tableKey).filter(key => !held.keys.has(key))
    if (missing.length === 0) return
    const keys = new Set([...held.keys, ...missing].sort())
    const written = await writeState(store, STATE, held.n, { tables: [...keys] })
    if (written.outcome === 'written') known.set(store, { n: written.n, keys })
    else known.delete(store)
  }
  throw new SluiceError('SLUICE_STORE_UNAVAILABLE', 'The names of new tables could not be written. No table was made.')
}

/** Many tables are asked for at one moment: they share a look, which begins after the last of them asked. */
function newest(store: ObjectStore): Promise<Known> {
  const shared = readers.get(store) ?? sharedReader(store)
  readers.set(store, shared)
  return shared()
}

function sharedReader(store: ObjectStore): () => Promise<Known> {
  const look = shareWaiting(() => readNewest(store))
  return () => look(STATE)
}

async function readNewest(store: ObjectStore): Promise<Known> {
  const held = known.get(store)
  if (held !== undefined && (await isNewest(store, STATE, held.n))) return held
  const state = await readState(store, STATE)
  const read = { n: state?.n ?? 0, keys: new Set(keysOf(state?.value)) }
  known.set(store, read)
  return read
}

function keysOf(value: unknown): string[] {
  const { tables } = (typeof value === 'object' && value !== null ? value : {}) as { tables?: unknown }
  return Array.isArray(tables) ? tables.map(String) : []
}
