import { sha256Hex } from '../../core/ids.js'
import type { Snapshot } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { dataFiles, filesAddedBy, ordinalOf, readObject, snapshotById } from '../../lake/scan.js'
import { keyOf } from '../../lake/table-location.js'
import { mapConcurrently } from '../../lake/write-files.js'
import type { TableCommit } from './table-commit.js'

const FILES_AT_ONCE = 4

/** What a run that died had committed to a table: the files as its snapshot names them, so that its steps are told as if it had lived. */
export async function committedBefore(lake: Lake, table: LoadedTable, snapshot: Snapshot): Promise<TableCommit> {
  const added = await mapConcurrently(await filesAddedBy(lake, table, snapshot), FILES_AT_ONCE, async file => {
    const key = keyOf(table, file['file-path'])
    return { file, ordinal: ordinalOf(table, file), key, sha256: sha256Hex(await readObject(lake, key)), fresh: false }
  })
  const parent = snapshot['parent-snapshot-id']
  const before = parent === undefined ? [] : await dataFiles(lake, table, snapshotById(table, parent))
  const after = new Set((await dataFiles(lake, table, snapshot)).map(file => file['file-path']))
  const removed = before.filter(file => !after.has(file['file-path']))
  return { commit: { outcome: 'already', table, snapshot }, added, removed }
}
