import type { Clock } from '../core/clock.js'
import type { Ids } from '../core/ids.js'
import type { ManifestEntry, ManifestFile } from '../iceberg/types.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { Catalog } from './catalog.js'
import { type CommitGroups, commitGroups } from './commit-groups.js'

/** An open lake: the bytes, the catalog of tables, and where time and ids come from. */
export interface Lake {
  readonly store: ObjectStore
  readonly catalog: Catalog
  readonly clock: Clock
  readonly ids: Ids
  readonly manifests: ManifestCache
  readonly commits: CommitGroups
}

/** Manifests and manifest lists never change, so each is read once per process. */
export interface ManifestCache {
  readonly lists: Map<string, readonly ManifestFile[]>
  readonly entries: Map<string, readonly ManifestEntry[]>
}

/** `commits`: those of another opening of the same lake in this process, to go together with them. */
export function openLakeOn({ commits = commitGroups(), ...parts }: LakeParts): Lake {
  return { ...parts, commits, manifests: { lists: new Map(), entries: new Map() } }
}

type LakeParts = Omit<Lake, 'manifests' | 'commits'> & Partial<Pick<Lake, 'commits'>>
