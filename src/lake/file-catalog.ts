import type { Clock } from '../core/clock.js'
import { asSluiceError } from '../core/errors.js'
import { sha256Hex } from '../core/ids.js'
import { parseMetadata } from '../iceberg/metadata-json.js'
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
import { isFoundByName } from './layout.js'
import { chained, sealed } from './metadata-chain.js'
import {
  findNamedVersion,
  findVersion,
  headHint,
  isVersion,
  metadataKey,
  readHint,
  versionFrom,
  writeHint,
} from './metadata-version.js'
import { relocated } from './relocated.js'
import { lookAgain, remember } from './remembered-version.js'
import { addressOf, majorOf, pathOf, tableKey, tableLocation } from './table-location.js'
import { isNamed, namedTables, nameTables } from './table-names.js'

/**
 * The catalog that needs nothing but the lake: a table's newest version is the highest `metadata/v<N>.metadata.json`, and a
 * commit is the exclusive creation of the next. Commits that make equal bytes are one commit; a snapshot's random id keeps
 * them apart. Metadata files may be deleted only from the lowest number but 1 upwards, none of the last hundred, none younger than
 * a day: a number that is free again would let a sleeping writer win on a dead branch. Version 1 stays: it says that there is a table.
 */
export function fileCatalog({ store, clock }: { store: ObjectStore; clock: Clock }): Catalog {
  // A version never changes, so each is parsed once.
  const newest = new Map<string, LoadedTable | undefined>()

  async function loadAgain(name: TableName): Promise<LoadedTable | undefined> {
    const key = tableKey(name)
    const known = newest.get(key)
    // What was not there begins with version 1, where that one is never dropped.
    const isMissing = newest.has(key) && known === undefined && (await isFoundByName(store))
    if (isMissing && !(await isVersion(store, name, 1))) return undefined
    const table = await load(store, name, known)
    // Unless a commit of this process was quicker.
    if (newest.get(key) === known) newest.set(key, table)
    return table
  }

  return {
    load: loadAgain,
    seen: async name => (newest.has(tableKey(name)) ? newest.get(tableKey(name)) : loadAgain(name)),
    create: async (name, metadata) => {
      await nameTables(store, [name])
      newest.delete(tableKey(name))
      if (await isThere(store, name)) return conflict(`${tableKey(name)} exists already`)
      return write(store, name, 1, metadata)
    },
    commit: async (base, requirements, updates) => {
      const check = checkRequirements(base.metadata, requirements)
      if (check.outcome === 'failed') return conflict(check.reason)
      const fit = checkUpdates(base.metadata, updates)
      if (fit.outcome === 'failed') return conflict(fit.reason)
      const all = [...updates, ...chained(base)]
      const next = applyUpdates(base.metadata, all, clock.now(), pathOf(base, base.metadataKey))
      // A base that is gone is so old that its successor may be gone too: its number would be free again.
      if (!(await isKept(store, base))) return conflict(`${base.metadataKey} is no longer kept`)
      const outcome = await write(store, base.name, base.version + 1, next)
      if (outcome.outcome === 'committed') newest.set(tableKey(base.name), outcome.table)
      return outcome
    },
    list: () => listTables(store),
    names: () => namesIn(store),
  }
}

/** Where version 1 is never dropped, it alone is asked for. */
async function isThere(store: ObjectStore, name: TableName): Promise<boolean> {
  if (!(await isFoundByName(store))) return (await versionOfTable(store, name)) !== undefined
  return isVersion(store, name, 1)
}

/** Version 1 stays for good, so of that one the hint says it, without which nothing goes. */
async function isKept(store: ObjectStore, { name, version, metadataKey: key }: LoadedTable): Promise<boolean> {
  const [head, hint] = await Promise.all([store.head(key), version === 1 ? readHint(store, name) : undefined])
  return head !== undefined && (hint ?? 1) === 1
}

async function load(
  store: ObjectStore,
  name: TableName,
  known: LoadedTable | undefined,
): Promise<LoadedTable | undefined> {
  if (known !== undefined) {
    const above = await versionFrom(store, name, known.version)
    if (above === known.version) return known
    // One that was seen and is gone is not to be believed again.
    return (above && (await readVersion(store, name, above))) || loadNewest(store, name)
  }
  const seen = await lookAgain(store, name)
  return seen === undefined ? loadNewest(store, name) : tableOf(store, name, seen)
}

async function loadNewest(store: ObjectStore, name: TableName): Promise<ReadTable | undefined> {
  const byName = await isFoundByName(store)
  if (byName && !(await isNamed(store, name))) return undefined
  const hinted = await readHint(store, name)
  // Asked before the version is looked for: what changes meanwhile shows the next time.
  const stamp = hinted === undefined || store.memory === undefined ? undefined : await headHint(store, name)
  const found = (hinted && (await hintedVersion(store, name, hinted))) || (await searched(store, name, hinted, byName))
  if (found !== undefined && stamp !== undefined)
    await remember(store, name, { version: found.version, sha256: found.metadataSha256, stamp })
  return found
}

/** The version that the hint names, where no later one is there, as mostly none is. */
async function hintedVersion(store: ObjectStore, name: TableName, hinted: number): Promise<ReadTable | undefined> {
  const [found, isFollowed] = await Promise.all([readVersion(store, name, hinted), isVersion(store, name, hinted + 1)])
  return isFollowed ? undefined : found
}

async function searched(
  store: ObjectStore,
  name: TableName,
  hinted: number | undefined,
  byName: boolean,
): Promise<ReadTable | undefined> {
  const version = await (byName ? findNamedVersion : findVersion)(store, name, hinted)
  if (version === undefined) return undefined
  // Deleted since it was found: a hundred commits later, or with its table.
  return (await readVersion(store, name, version)) ?? loadNewest(store, name)
}

type ReadTable = LoadedTable & { readonly metadataSha256: string }

async function readVersion(store: ObjectStore, name: TableName, version: number): Promise<ReadTable | undefined> {
  const body = await store.get(metadataKey(name, version))
  return body === undefined ? undefined : tableOf(store, name, { version, body })
}

function tableOf(
  store: ObjectStore,
  name: TableName,
  { version, body }: { readonly version: number; readonly body: Buffer },
): ReadTable {
  const key = metadataKey(name, version)
  const metadata = relocated(parseMetadata(body.toString('utf8'), addressOf(store, key)), tableLocation(store, name))
  return { name, metadata, metadataKey: key, metadataSha256: sha256Hex(body), version }
}

async function versionOfTable(store: ObjectStore, name: TableName): Promise<number | undefined> {
  const byName = await isFoundByName(store)
  if (byName && !(await isNamed(store, name))) return undefined
  return (byName ? findNamedVersion : findVersion)(store, name, await readHint(store, name))
}

async function write(
  store: ObjectStore,
  name: TableName,
  version: number,
  unsealed: TableMetadata,
): Promise<CommitOutcome> {
  const key = metadataKey(name, version)
  const { metadata, body } = sealed(unsealed, version)
  const claimed = await claim(store, key, body)
  if (claimed.outcome === 'taken') return conflict(`another commit became version ${version} of ${tableKey(name)}`)
  if (claimed.outcome === 'unknown') return claimed
  // A new table begins at version 1 without being told.
  if (version > 1 || !(await isFoundByName(store))) await writeHint(store, name, version)
  return { outcome: 'committed', table: { name, metadata, metadataKey: key, metadataSha256: sha256Hex(body), version } }
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
  const candidates = await namesIn(store)
  const found = await Promise.all(candidates.map(name => isTable(store, name)))
  return candidates.filter((_, at) => found[at])
}

/** One whose newest version is lost is a table as well: whoever loads it is told. */
async function isTable(store: ObjectStore, name: TableName): Promise<boolean> {
  try {
    return (await versionOfTable(store, name)) !== undefined
  } catch (cause) {
    if (asSluiceError(cause).code === 'SLUICE_METADATA_CORRUPT') return true
    throw cause
  }
}

/** In the order in which a catalog lists. */
async function namesIn(store: ObjectStore): Promise<TableName[]> {
  if (!(await isFoundByName(store))) return listedNames(store)
  const rankOf = ({ layer }: TableName): string => {
    const at = (LAYERS as readonly string[]).indexOf(layer)
    return at === -1 ? `${LAYERS.length} ${layer}` : String(at)
  }
  const named = (await namedTables(store)).map(name => ({ name, rank: `${rankOf(name)} ${name.dataset}` }))
  return named
    .toSorted((a, b) => (a.rank === b.rank ? a.name.major - b.name.major : a.rank < b.rank ? -1 : 1))
    .map(({ name }) => name)
}

async function listedNames(store: ObjectStore): Promise<TableName[]> {
  const candidates: TableName[] = []
  for (const layer of await layersOf(store)) {
    for (const dataset of await store.listFolders(`${layer}/`)) {
      const majors = (await store.listFolders(`${layer}/${dataset}/`)).map(majorOf).filter(major => major !== undefined)
      candidates.push(...majors.toSorted((a, b) => a - b).map(major => ({ layer, dataset, major })))
    }
  }
  return candidates
}
