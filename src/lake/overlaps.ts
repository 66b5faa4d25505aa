import type { LoadedTable } from './catalog.js'
import type { FileChange } from './commit-files.js'
import type { Lake } from './lake.js'
import { currentSnapshot, entriesOf, manifestsOf, ordinalOf, snapshotById } from './scan.js'

/** Whether a partition of a change looks otherwise in `table` than in `base`, where it was computed. */
export async function overlaps(
  lake: Lake,
  base: LoadedTable,
  table: LoadedTable,
  change: FileChange,
): Promise<boolean> {
  if (change.keys === 'free' || onlyReplaced(base, table)) return false
  const touched = new Set([...change.added, ...change.removed].map(file => ordinalOf(table, file)))
  const before = await pathsIn(lake, base, touched)
  const now = await pathsIn(lake, table, touched)
  return before.size !== now.size || [...now].some(path => !before.has(path))
}

/** Whether since `base` rows only moved to other files: what was computed over them stands. */
function onlyReplaced(base: LoadedTable, table: LoadedTable): boolean {
  const from = currentSnapshot(base)?.['snapshot-id']
  let snapshot = currentSnapshot(table)
  while (snapshot !== undefined && snapshot['snapshot-id'] !== from) {
    const parent = snapshot['parent-snapshot-id']
    if (snapshot.summary.operation !== 'replace' || parent === undefined) return false
    snapshot = snapshotById(table, parent)
  }
  return snapshot !== undefined
}

async function pathsIn(lake: Lake, table: LoadedTable, ordinals: ReadonlySet<number>): Promise<Set<string>> {
  const paths = new Set<string>()
  for (const manifest of await manifestsOf(lake, table, currentSnapshot(table))) {
    for (const entry of await entriesOf(lake, table, manifest)) {
      if (entry.status !== 'deleted' && ordinals.has(ordinalOf(table, entry['data-file'])))
        paths.add(entry['data-file']['file-path'])
    }
  }
  return paths
}
