import { SluiceError } from '../core/errors.js'
import { LAYERS } from '../lake/catalog.js'
import { checkLayout, LAYOUT_KEY } from '../lake/layout.js'
import { lifeOf } from '../lake/object-life.js'
import type { ObjectStore } from '../storage/object-store.js'
import { openStore } from '../storage/open-store.js'
import type { Project } from './project/project.js'

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

/** Whether the lake says its layout: `none`: nothing was written yet. `gone`: there are tables or runs, and the mark of their first write is not there. */
export async function lakeMark(project: Project): Promise<'there' | 'none' | 'gone'> {
  const store = projectStore(project)
  if ((await store.head(LAYOUT_KEY)) !== undefined) return 'there'
  const folders = await store.listFolders('')
  return folders.some(folder => folder === '_runs' || LAYERS.some(layer => layer === folder)) ? 'gone' : 'none'
}

/** For what looks back on all of a lake: nothing is not a sound lake. Throws SLUICE_LAKE_MISSING where nothing was ever written. */
export async function requireLake(project: Project): Promise<void> {
  if ((await lakeMark(project)) !== 'none') return
  throw new SluiceError('SLUICE_LAKE_MISSING', `There is no lake at ${projectStore(project).root}.`)
}
