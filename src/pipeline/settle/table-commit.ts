import type { DataFile } from '../../iceberg/types.js'
import type { FileCommit } from '../../lake/commit-files.js'
import type { WrittenFile } from '../../lake/write-files.js'

/** A commit of a run to one table, with the files that it added and removed. */
export interface TableCommit {
  readonly commit: Extract<FileCommit, { outcome: 'committed' | 'already' }>
  readonly added: readonly WrittenFile[]
  readonly removed: readonly DataFile[]
}
