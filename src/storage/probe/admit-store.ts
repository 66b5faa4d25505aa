import type { Ids } from '../../core/ids.js'
import type { ObjectStore } from '../object-store.js'
import { raceCreations } from './race-creations.js'

/** Few, because every new lake pays for them: a store without the condition loses each of these races, and one that only sometimes fails is found by `sluice doctor store --stress`. */
const RACES = 3
const WAYS = 8

/**
 * What keeps a store from having several writers, in words; undefined for nothing. A disk is taken at its word, whatever is asked over a network is
 * raced.
 */
export async function admitStore(store: ObjectStore, ids: Ids): Promise<string | undefined> {
  if (!store.capabilities.exclusiveCreate) return 'it does not create objects exclusively'
  if (store.capabilities.reach !== 'remote') return undefined
  const keys = Array.from({ length: RACES }, (_, at) => `_probe/${ids.uuid()}/${at}`)
  try {
    return await raceCreations({ stores: [store], ways: WAYS, keys, create: (on, key, body) => on.create(key, body) })
  } finally {
    await Promise.allSettled(keys.map(key => store.delete(key)))
  }
}
