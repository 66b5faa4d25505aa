import type { Clock } from '../../src/core/clock.js'
import { parseMetadata, printMetadata } from '../../src/iceberg/metadata-json.js'
import { checkRequirements } from '../../src/iceberg/requirements.js'
import type { TableMetadata } from '../../src/iceberg/types.js'
import { applyUpdates, checkUpdates } from '../../src/iceberg/updates.js'
import {
  type Catalog,
  type CommitOutcome,
  LAYERS,
  type Layer,
  type LoadedTable,
  type TableName,
} from '../../src/lake/catalog.js'
import { addressOf, pathOf, tableKey } from '../../src/lake/table-location.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import type { Loss } from '../support/lossy-store.js'

interface Pointer {
  readonly name: TableName
  readonly metadataKey: string
  readonly version: number
}

/**
 * A catalog of the other kind, as REST servers and Glue are: metadata files of unique names, and a pointer to the newest
 * that moves by compare-and-swap. For tests: pointers live in memory, and `lose` cuts the answers of the next swaps.
 */
export function pointerCatalog(options: { store: ObjectStore; clock: Clock; uuid: () => string }) {
  const { store, clock, uuid } = options
  const pointers = new Map<string, Pointer>()
  let pending: readonly Loss[] = []

  function swap(expected: Pointer | undefined, next: Pointer): 'swapped' | 'refused' | 'unknown' {
    const loss = pending[0]
    pending = pending.slice(1)
    const fits = pointers.get(tableKey(next.name))?.metadataKey === expected?.metadataKey
    if (fits && loss !== 'not done') pointers.set(tableKey(next.name), next)
    if (loss !== undefined) return 'unknown'
    return fits ? 'swapped' : 'refused'
  }

  async function read({ name, metadataKey, version }: Pointer): Promise<LoadedTable> {
    const body = await store.get(metadataKey)
    return { name, metadata: parseMetadata(String(body), addressOf(store, metadataKey)), metadataKey, version }
  }

  async function write(
    name: TableName,
    base: LoadedTable | undefined,
    metadata: TableMetadata,
  ): Promise<CommitOutcome> {
    const version = (base?.version ?? 0) + 1
    const file = `${String(version).padStart(5, '0')}-${uuid()}.metadata.json`
    const next = { name, metadataKey: `${tableKey(name)}/metadata/${file}`, version }
    await store.put(next.metadataKey, Buffer.from(printMetadata(metadata)))
    const table = { ...next, metadata }
    const answer = swap(base, next)
    if (answer === 'swapped') return { outcome: 'committed', table }
    return answer === 'refused' ? conflict('the pointer moved') : settle(next, base, table)
  }

  async function settle(next: Pointer, base: Pointer | undefined, table: LoadedTable): Promise<CommitOutcome> {
    const answer = swap(base, next)
    const found = pointers.get(tableKey(next.name))
    if (answer === 'unknown') return { outcome: 'unknown', cause: new Error('the answers of two swaps were lost') }
    if (found?.metadataKey === next.metadataKey) return { outcome: 'committed', table }
    const log = found === undefined ? [] : (await read(found)).metadata['metadata-log']
    const wasHead = log.some(entry => entry['metadata-file'] === pathOf(table, next.metadataKey))
    return wasHead ? { outcome: 'committed', table } : conflict('the pointer moved')
  }

  async function list(): Promise<TableName[]> {
    const sortKey = (name: TableName) =>
      `${layerKey(name.layer)}/${name.dataset}/${String(name.major).padStart(9, '0')}`
    const names = [...pointers.values()].map(pointer => pointer.name)
    return names.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
  }

  async function load(name: TableName): Promise<LoadedTable | undefined> {
    const pointer = pointers.get(tableKey(name))
    return pointer && read(pointer)
  }

  const catalog: Catalog = {
    load,
    seen: load,
    async create(name, metadata) {
      return pointers.has(tableKey(name)) ? conflict('the table exists') : write(name, undefined, metadata)
    },
    async commit(base, requirements, updates) {
      const check = checkRequirements(base.metadata, requirements)
      if (check.outcome === 'failed') return conflict(check.reason)
      const fit = checkUpdates(base.metadata, updates)
      if (fit.outcome === 'failed') return conflict(fit.reason)
      const next = applyUpdates(base.metadata, updates, clock.now(), pathOf(base, base.metadataKey))
      return write(base.name, base, next)
    },
    list,
    names: list,
  }
  return {
    catalog,
    lose(losses: readonly Loss[]) {
      pending = losses
    },
  }
}

/** The layers of every lake in their order, then the others by name. */
function layerKey(layer: Layer): string {
  const at = (LAYERS as readonly string[]).indexOf(layer)
  return at < 0 ? `z${layer}` : String(at)
}

function conflict(reason: string): CommitOutcome {
  return { outcome: 'conflict', reason }
}
