import { checkLayout, LAYOUT_KEY } from '../lake/layout.js'
import { lifeOf } from '../lake/object-life.js'
import type { ObjectStore } from '../storage/object-store.js'
import { openStore } from '../storage/open-store.js'
import type { Project } from './project.js'

/** The objects of a project's lake, unasked. With `cacheFolder` nothing is taken for read that was read before. */
export function projectStore({ config }: Project, cacheFolder?: string): ObjectStore {
  const { lake: address, store, cache } = config
  const own = cacheFolder === undefined ? cache : { ...cache, folder: cacheFolder }
  return openStore({ address, bucket: store, cache: own, lifeOf })
}

/** The objects of a project's lake, for a reader that needs no table and no engine. Throws SLUICE_LAYOUT_NEWER. */
export async function lakeStore(project: Project): Promise<ObjectStore> {
  const store = projectStore(project)
  await checkLayout(store)
  return store
}

/** Whether the lake has been written to at all. */
export async function lakeExists(project: Project): Promise<boolean> {
  return (await projectStore(project).head(LAYOUT_KEY)) !== undefined
}
