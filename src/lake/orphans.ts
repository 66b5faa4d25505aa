import type { ObjectEntry } from '../storage/object-store.js'
import type { LoadedTable } from './catalog.js'
import { snapshotOfRun } from './commit-files.js'
import { layersOf } from './file-catalog.js'
import type { Lake } from './lake.js'
import { entriesOf, filesAddedBy, manifestsOf } from './scan.js'
import { keyOf, tableKey } from './table-location.js'

const CAPTURES = 'bronze/captures/'

/**
 * Files of tables and bodies of captures that nothing names: what runs left that died or failed. `isUnderWay` says of which
 * runs files may still be named. Throws SLUICE_METADATA_CORRUPT, SLUICE_MANIFEST_CORRUPT, SLUICE_DATA_FILE_MISSING.
 */
export async function findOrphans(lake: Lake, isUnderWay: (runId: string) => boolean): Promise<ObjectEntry[]> {
  // Listed first: a file that is named between the two looks is no orphan.
  const listed: ObjectEntry[] = []
  for (const layer of await layersOf(lake.store))
    for await (const entry of lake.store.list(`${layer}/`)) listed.push(entry)
  const named = new Set<string>()
  const folders: string[] = []
  for (const name of await lake.catalog.list()) {
    const table = await lake.catalog.load(name)
    if (table === undefined) continue
    folders.push(`${tableKey(name)}/`)
    for (const key of await namedBy(lake, table)) named.add(key)
  }
  const captured = new Set(listed.map(({ key }) => segmentOwner(key)))
  return listed.filter(({ key }) => {
    const runId = /\/run_id=(.+)-[0-9a-f]+\.[a-z.]+$/.exec(key)?.[1]
    if (runId !== undefined && isUnderWay(runId)) return false
    if (key.startsWith(CAPTURES)) return bodyOwner(key) !== undefined && !captured.has(bodyOwner(key))
    return /\.(parquet|avro)$/.test(key) && !named.has(key) && folders.some(folder => key.startsWith(folder))
  })
}

/**
 * Deletes the files that a failed run has moved into the lake and that nothing names. The run must have stopped writing, and
 * the outcome of each of its commits must be known. `mayDelete` is asked before each deletion.
 */
export async function takeBack(
  lake: Lake,
  runId: string,
  adopted: readonly string[],
  mayDelete: () => Promise<boolean>,
): Promise<void> {
  const named = new Set<string>()
  const folders: string[] = []
  for (const name of await lake.catalog.list()) {
    const folder = `${tableKey(name)}/`
    if (!adopted.some(key => key.startsWith(folder))) continue
    const table = (await lake.catalog.load(name))!
    folders.push(folder)
    // No other run can name its files: their names hold the run's id.
    const own = snapshotOfRun(table, runId)
    if (own === undefined) continue
    for (const file of await filesAddedBy(lake, table, own)) named.add(keyOf(table, file['file-path']))
  }
  const captured = new Set<string | undefined>()
  for await (const { key } of lake.store.list(CAPTURES)) captured.add(segmentOwner(key))
  for (const key of adopted) {
    const isOrphan = key.startsWith(CAPTURES)
      ? !captured.has(bodyOwner(key))
      : !named.has(key) && folders.some(folder => key.startsWith(folder))
    if (!isOrphan) continue
    if (!(await mayDelete())) return
    await lake.store.delete(key)
  }
}

/** Everything that the snapshots of a table name, the old ones too: they are what time travel reads. */
async function namedBy(lake: Lake, table: LoadedTable): Promise<string[]> {
  const keys: string[] = []
  for (const snapshot of table.metadata.snapshots) {
    keys.push(keyOf(table, snapshot['manifest-list']))
    for (const manifest of await manifestsOf(lake, table, snapshot)) {
      keys.push(keyOf(table, manifest['manifest-path']))
      for (const entry of await entriesOf(lake, table, manifest))
        keys.push(keyOf(table, entry['data-file']['file-path']))
    }
  }
  return keys
}

/** Provider and run whose capture records a segment holds. */
function segmentOwner(key: string): string | undefined {
  return /^bronze\/captures\/(provider=[^/]+)\/[^/]+(\/run_id=.+)-\d+\.ndjson\.gz$/.exec(key)?.slice(1).join('')
}

/** Provider and run that a body was stored by. Bodies come before the segment that names them. */
function bodyOwner(key: string): string | undefined {
  return /^bronze\/captures\/(provider=[^/]+)\/[^/]+(\/run_id=.+)-[0-9a-f]+\.body(?:\.gz)?$/
    .exec(key)
    ?.slice(1)
    .join('')
}
