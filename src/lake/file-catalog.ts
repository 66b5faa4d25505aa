import type { Clock } from '../core/clock.js'
import { parseMetadata, printMetadata } from '../iceberg/metadata-json.js'
import { checkRequirements } from '../iceberg/requirements.js'
import type { TableMetadata } from '../iceberg/types.js'
import { applyUpdates, checkUpdates } from '../iceberg/updates.js'
import type { ObjectStore } from '../storage/object-store.js'
import {
  type Catalog,
  type CommitOutcome,
  KNOWN_PREFIX,
  LAYERS,
  type Layer,
  type LoadedTable,
  type TableName,
} from './catalog.js'
import { claim } from './claim.js'
import { findVersion, metadataKey, writeHint } from './metadata-version.js'
import { addressOf, majorOf, pathOf, tableKey } from './table-location.js'

/**
 * The catalog that needs nothing but the lake: a table's newest version is the highest `metadata/v<N>.metadata.json`, and a
 * commit is the exclusive creation of the next. Commits that make equal bytes are one commit; a snapshot's random id keeps
 * them apart. Metadata files may be deleted only from the lowest number upwards, none of the last hundred, none younger than
 * a day: a number that is free again would let a sleeping writer win on a dead branch.
 */
export function fileCatalog({ store, clock }: { store: ObjectStore; clock: Clock }): Catalog {
  // A version never changes, so each is parsed once.
  const newest = new Map<string, LoadedTable>()
  return {
    load: async name => {
      const table = await load(store, name, newest.get(tableKey(name)))
      if (table !== undefined) newest.set(tableKey(name), table)
      return table
    },
    create: async (name, metadata) => {
      if ((await findVersion(store, name)) !== undefined) return conflict(`${tableKey(name)} exists already`)
      return write(store, name, 1, metadata)
    },
    commit: async (base, requirements, updates) => {
      const check = checkRequirements(base.metadata, requirements)
      if (check.outcome === 'failed') return conflict(check.reason)
      const fit = checkUpdates(base.metadata, updates)
      if (fit.outcome === 'failed') return conflict(fit.reason)
      const next = applyUpdates(base.metadata, updates, clock.now(), pathOf(base, base.metadataKey))
      // A base that is gone is so old that its successor may be gone too: its number would be free again.
      if ((await store.head(base.metadataKey)) === undefined) return conflict(`${base.metadataKey} is no longer kept`)
      return write(store, base.name, base.version + 1, next)
    },
    list: () => listTables(store),
  }
}

async function load(
  store: ObjectStore,
  name: TableName,
  known: LoadedTable | undefined,
): Promise<LoadedTable | undefined> {
  const version = await findVersion(store, name)
  if (version === undefined) return undefined
  if (version === known?.version) return known
  const key = metadataKey(name, version)
  const body = await store.get(key)
  // Deleted since it was found: a hundred commits later, or with its table.
  if (body === undefined) return load(store, name, known)
  const metadata = parseMetadata(body.toString('utf8'), addressOf(store, key))
  return { name, metadata, metadataKey: key, version }
}

async function write(
  store: ObjectStore,
  name: TableName,
  version: number,
  metadata: TableMetadata,
): Promise<CommitOutcome> {
  const key = metadataKey(name, version)
  const claimed = await claim(store, key, Buffer.from(printMetadata(metadata)))
  if (claimed.outcome === 'taken') return conflict(`another commit became version ${version} of ${tableKey(name)}`)
  if (claimed.outcome === 'unknown') return claimed
  await writeHint(store, name, version)
  return { outcome: 'committed', table: { name, metadata, metadataKey: key, version } }
}

function conflict(reason: string): CommitOutcome {
  return { outcome: 'conflict', reason }
}

/** The layers that every lake has, and those that keep gold as known at a time. */
export async function layersOf(store: ObjectStore): Promise<Layer[]> {
  const folders = await store.listFolders('')
  return [...LAYERS, ...folders.filter((name): name is `gold_${string}` => name.startsWith(KNOWN_PREFIX))]
}

async function listTables(store: ObjectStore): Promise<TableName[]> {
  const candidates: TableName[] = []
  for (const layer of await layersOf(store)) {
    for (const dataset of await store.listFolders(`${layer}/`)) {
      const majors = (await store.listFolders(`${layer}/${dataset}/`)).map(majorOf).filter(major => major !== undefined)
      candidates.push(...majors.toSorted((a, b) => a - b).map(major => ({ layer, dataset, major })))
    }
  }
  const versions = await Promise.all(candidates.map(name => findVersion(store, name)))
  return candidates.filter((_, at) => versions[at] !== undefined)
}
