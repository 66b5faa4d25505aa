import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where a lake is kept, as one who goes round Sluice sees it. */
export interface LakePlace {
  /** A folder, or the address of a bucket. */
  readonly root: string
  /** Keeps what is there now. */
  keep(): Promise<void>
  /** Puts the lake back to what was kept. */
  restore(): Promise<void>
  /** The bytes of a file of the lake. */
  read(path: string): Promise<Buffer>
  /** Removes what was kept. */
  forget(): Promise<void>
}

/** The lake in the folder of a project. */
export function folderPlace(project: string): LakePlace {
  const root = join(project, 'data_lake')
  const before = mkdtempSync(join(tmpdir(), 'sluice-crash-'))
  return {
    root,
    keep: async () => {
      if (existsSync(root)) cpSync(root, before, { recursive: true })
    },
    restore: async () => {
      rmSync(root, { recursive: true, force: true })
      cpSync(before, root, { recursive: true })
    },
    read: path => readFile(join(root, path)),
    forget: async () => rmSync(before, { recursive: true }),
  }
}
