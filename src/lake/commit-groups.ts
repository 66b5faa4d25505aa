import type { LoadedTable } from './catalog.js'
import type { FileChange, FileCommit } from './commit-files.js'
import { commitGroup } from './commit-group.js'
import type { Lake } from './lake.js'

/** A change that is to be committed, and the table as it was when it was computed. */
export interface Joining {
  readonly lake: Lake
  readonly base: LoadedTable
  readonly change: FileChange
}

/** One that waits for its outcome. */
export interface Member extends Joining {
  readonly resolve: (outcome: FileCommit) => void
  readonly reject: (cause: unknown) => void
}

/** Commits of one process to the tables of one lake, in groups. */
export interface CommitGroups {
  join(table: string, joining: Joining): Promise<FileCommit>
}

/**
 * A commit to a table that is asked for while another is under way waits, and then goes together with all that wait: many small writers of one
 * process write one version of a table, and do not run races against each other.
 */
export function commitGroups(): CommitGroups {
  const waiting = new Map<string, Member[]>()

  async function commitAll(table: string): Promise<void> {
    for (;;) {
      const members = waiting.get(table) ?? []
      if (members.length === 0) break
      waiting.set(table, [])
      const left = await commitGroup(members)
      // They clash with one that was committed just now: looked at again, over its work.
      waiting.get(table)!.unshift(...left)
    }
    waiting.delete(table)
  }

  return {
    join: (table, joining) =>
      new Promise((resolve, reject) => {
        const member: Member = { ...joining, resolve, reject }
        const others = waiting.get(table)
        if (others !== undefined) return void others.push(member)
        waiting.set(table, [member])
        void commitAll(table)
      }),
  }
}

const atRoots = new Map<string, CommitGroups>()

/** Those of all openings of one lake in this process, by the root of its store. */
export function commitGroupsAt(root: string): CommitGroups {
  const known = atRoots.get(root) ?? commitGroups()
  atRoots.set(root, known)
  return known
}
