import { SluiceError } from '../core/errors.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { TableName } from './catalog.js'
import { addressOf, tableKey } from './table-location.js'

/** The key of one version of a table's metadata. */
export function metadataKey(name: TableName, version: number): string {
  return `${metadataFolder(name)}v${version}.metadata.json`
}

/**
 * The newest version of a table's metadata, or undefined when there is none. The hint says where to begin: it is written after the commit, so it may
 * be behind or lost, and never ahead. Throws SLUICE_METADATA_CORRUPT where neither the version that it names is there nor a later one.
 */
export async function findVersion(
  store: ObjectStore,
  name: TableName,
  hinted: number | undefined,
): Promise<number | undefined> {
  const found = hinted === undefined ? undefined : await versionFrom(store, name, hinted)
  return found ?? findListed(store, name, hinted)
}

/** The same for a table of a lake where version 1 is never dropped: where there is no such file there is no table, and nothing is listed. */
export async function findNamedVersion(
  store: ObjectStore,
  name: TableName,
  hinted: number | undefined,
): Promise<number | undefined> {
  if (hinted !== undefined) return findVersion(store, name, hinted)
  // Most that have no hint are named and not made yet.
  if (!(await isVersion(store, name, 1))) return undefined
  // Without a hint it is a new table, or one that has lost its hint and its early versions but for the first.
  return (await isVersion(store, name, 2)) ? probeUpwards(store, name, 2) : findListed(store, name, undefined)
}

/** The newest version at or above one, or undefined when that one is not there: then later ones may be gone too. */
export async function versionFrom(store: ObjectStore, name: TableName, version: number): Promise<number | undefined> {
  const [isThere, isFollowed] = await Promise.all([
    isVersion(store, name, version),
    isVersion(store, name, version + 1),
  ])
  if (!isThere) return undefined
  return isFollowed ? probeUpwards(store, name, version + 1) : version
}

/** What is pruned is followed by later versions: where none is, the commits since were lost, and an older version would give other rows. */
async function findListed(
  store: ObjectStore,
  name: TableName,
  hinted: number | undefined,
): Promise<number | undefined> {
  const start = await highestListed(store, name)
  if (hinted !== undefined && (start ?? 0) < hinted) throw versionGone(store, name, hinted, start)
  return start === undefined ? undefined : probeUpwards(store, name, start)
}

function versionGone(store: ObjectStore, name: TableName, hinted: number, newest: number | undefined): SluiceError {
  const file = addressOf(store, metadataKey(name, hinted))
  const left = newest === undefined ? 'no version is left' : `the newest that is left is version ${newest}`
  const message = `${file} is not there, and version-hint.text beside it says that ${name.layer}.${name.dataset} came to that version; ${left}. Nothing was changed.`
  return new SluiceError('SLUICE_METADATA_CORRUPT', message, {
    place: { file },
    next: 'Stop writing to this table and run `sluice verify`. Restore the file from a backup or an older version of the bucket; docs/guides/verify-a-lake.md says what to do where there is none.',
  })
}

/**
 * Notes the newest version for other engines, which trust the hint. Best effort: the commit stands without it.
 * Whoever writes last looks once more, so that commits that overtake each other leave the highest number.
 */
export async function writeHint(store: ObjectStore, name: TableName, version: number): Promise<void> {
  try {
    let newest = version
    do {
      version = newest
      await store.put(hintKey(name), Buffer.from(String(version)))
      newest = await probeUpwards(store, name, version)
    } while (newest > version)
  } catch {
    // A stale hint costs a few probes.
  }
}

/** What the hint says, or undefined when it says nothing. */
export async function readHint(store: ObjectStore, name: TableName): Promise<number | undefined> {
  return parseVersion((await store.get(hintKey(name)))?.toString('latin1').trim() ?? '')
}

/** What tells the last write of the hint from every other, or undefined where there is no hint. */
export async function headHint(store: ObjectStore, name: TableName): Promise<string | undefined> {
  return (await store.head(hintKey(name)))?.stamp
}

async function probeUpwards(store: ObjectStore, name: TableName, from: number): Promise<number> {
  let version = from
  while (await isVersion(store, name, version + 1)) version++
  return version
}

async function highestListed(store: ObjectStore, name: TableName): Promise<number | undefined> {
  let highest: number | undefined
  for await (const { key } of store.list(metadataFolder(name))) {
    const version = versionOf(name, key)
    if (version !== undefined && version > (highest ?? 0)) highest = version
  }
  return highest
}

/** The version that a key below a table's metadata folder holds, or undefined for another file. */
export function versionOf(name: TableName, key: string): number | undefined {
  return parseVersion(/^v(\d+)\.metadata\.json$/.exec(key.slice(metadataFolder(name).length))?.[1] ?? '')
}

/** Versions count from 1, without leading zeros: `v007` would be another file. */
function parseVersion(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
}

/** Whether a version of a table's metadata is there. */
export async function isVersion(store: ObjectStore, name: TableName, version: number): Promise<boolean> {
  return (await store.head(metadataKey(name, version))) !== undefined
}

export function metadataFolder(name: TableName): string {
  return `${tableKey(name)}/metadata/`
}

function hintKey(name: TableName): string {
  return `${metadataFolder(name)}version-hint.text`
}
