import { SluiceError } from '../core/errors.js'
import type { ObjectStore } from '../storage/object-store.js'
import { LAYOUT_KEY } from './layout.js'

/** So many folders of a new lake are looked into: a lake is made in a folder of its own, and what lies there beside it is no lake mostly. */
const LOOKED_INTO = 100

/**
 * Refuses a new lake inside another one, or around one: upkeep, `verify` and listings of the outer lake would take the files of the inner one for its own. Asked
 * of new lakes only, before anything is written. What may not be read cannot be seen. Throws SLUICE_LAKE_NESTED.
 */
export async function refuseNested(store: ObjectStore): Promise<void> {
  const outer = await store.outer(LAYOUT_KEY)
  if (outer !== undefined) throw nested(store, `lies in the lake ${outer}`)
  const folders = await store.listFolders('').catch(() => [])
  for (const folder of folders.slice(0, LOOKED_INTO))
    if (await isLake(store, `${folder}/`)) throw nested(store, `has the lake ${folder} in it`)
}

async function isLake(store: ObjectStore, folder: string): Promise<boolean> {
  return (await store.head(`${folder}${LAYOUT_KEY}`).catch(() => undefined)) !== undefined
}

function nested({ root }: ObjectStore, what: string): SluiceError {
  const message = `The new lake ${root} ${what}. Nothing was written.`
  return new SluiceError('SLUICE_LAKE_NESTED', message, { lake: root })
}
