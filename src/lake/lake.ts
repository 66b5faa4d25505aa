import type { Clock } from '../core/clock.js'
import type { Ids } from '../core/ids.js'
import type { ManifestEntry, ManifestFile } from '../iceberg/types.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { Catalog } from './catalog.js'

/** An open lake: the bytes, the catalog of tables, and where time and ids come from. */
export interface Lake {
  readonly store: ObjectStore
  readonly catalog: Catalog
  readonly clock: Clock
  readonly ids: Ids
  readonly manifests: ManifestCache
}

/** Manifests and manifest lists never change, so each is read once per process. */
export interface ManifestCache {
  readonly lists: Map<string, readonly ManifestFile[]>
  readonly entries: Map<string, readonly ManifestEntry[]>
}

export function openLakeOn(parts: Omit<Lake, 'manifests'>): Lake {
  return { ...parts, manifests: { lists: new Map(), entries: new Map() } }
}
