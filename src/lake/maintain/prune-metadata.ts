import type { ObjectEntry, ObjectStore } from '../../storage/object-store.js'
import type { LoadedTable } from '../catalog.js'
import { metadataFolder, readHint, versionOf } from '../metadata-version.js'

/** Table property (Iceberg's own): so many earlier metadata files stay. */
const PREVIOUS_VERSIONS = 'write.metadata.previous-versions-max'

/** As many as the metadata log names, and as `fileCatalog` needs so that no number comes free for a sleeping writer. */
export const LEAST_VERSIONS = 100
const LEAST_AGE_MS = 86_400_000

/** Metadata files that may go, lowest number first, but for the first of all: none of the newest hundred or what the table says, none younger than a day. Pure. */
export function choosePrunable(
  table: Pick<LoadedTable, 'version' | 'metadata'>,
  versions: readonly (ObjectEntry & { readonly version: number })[],
  nowMs: number,
): ObjectEntry[] {
  const told = Number(table.metadata.properties[PREVIOUS_VERSIONS])
  const kept = Math.max(LEAST_VERSIONS, Number.isSafeInteger(told) ? told : 0)
  // The first says that there is a table, where nothing is listed.
  const ascending = versions.filter(({ version }) => version > 1).toSorted((a, b) => a.version - b.version)
  const first = ascending.findIndex(
    ({ version, modifiedMs }) => version >= table.version - kept || modifiedMs > nowMs - LEAST_AGE_MS,
  )
  return first === -1 ? ascending : ascending.slice(0, first)
}

/** The metadata files of a table that may go. */
export async function prunableMetadata(store: ObjectStore, table: LoadedTable, nowMs: number): Promise<ObjectEntry[]> {
  // The hint tells a writer whose base is the first version that later ones are gone, and nothing goes that it does not lie far beyond.
  const hinted = await readHint(store, table.name)
  if (hinted === undefined) return []
  const known = { ...table, version: Math.min(table.version, hinted) }
  return choosePrunable(known, await metadataVersions(store, table), nowMs)
}

/** All metadata files of a table, in no order. */
export async function metadataVersions(
  store: ObjectStore,
  table: Pick<LoadedTable, 'name'>,
): Promise<(ObjectEntry & { readonly version: number })[]> {
  const versions: (ObjectEntry & { version: number })[] = []
  for await (const entry of store.list(metadataFolder(table.name))) {
    const version = versionOf(table.name, entry.key)
    if (version !== undefined) versions.push({ ...entry, version })
  }
  return versions
}

/** Deletes them in their order, so that whatever is left when this is cut off is without a gap. */
export async function pruneMetadata(store: ObjectStore, files: readonly ObjectEntry[]): Promise<void> {
  for (const { key } of files) await store.delete(key)
}
