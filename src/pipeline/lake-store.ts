import { checkLayout } from '../lake/layout.js'
import { localStore } from '../storage/local-store.js'
import type { ObjectStore } from '../storage/object-store.js'
import { localRoot } from './local-root.js'
import type { Project } from './project.js'

/** The objects of a project's lake, for a reader that needs no table and no engine. Throws SLUICE_LAYOUT_NEWER. */
export async function lakeStore(project: Project): Promise<ObjectStore> {
  const store = localStore(localRoot(project))
  await checkLayout(store)
  return store
}
