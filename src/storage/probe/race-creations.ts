import type { CreateOutcome, ObjectStore } from '../object-store.js'
import { faultOfRace } from './race.js'

export interface RaceOptions {
  /** Clients of the same objects, for example one for each address of a store. The writers of a race are spread over them. */
  readonly stores: readonly ObjectStore[]
  /** How many writers want each key at one moment. */
  readonly ways: number
  /** One race for each. */
  readonly keys: readonly string[]
  /** How the objects are written. Each writer's body is its number. */
  create(store: ObjectStore, key: string, body: Buffer): Promise<CreateOutcome>
}

/**
 * Has many writers create the same objects, one object after the other, and again when they are there. What is wrong, in words; undefined for
 * nothing. Throws when every writer of a race fails.
 */
export async function raceCreations({ stores, ways, keys, create }: RaceOptions): Promise<string | undefined> {
  for (const key of keys) {
    const tries = Array.from({ length: ways }, (_, writer) => create(at(stores, writer), key, Buffer.from(`${writer}`)))
    const settled = await Promise.allSettled(tries)
    const failed = settled.filter(one => one.status === 'rejected')
    if (failed.length === ways) throw failed[0]!.reason
    // Whoever else fails has told nothing: what it came to is seen in the object.
    const outcomes = settled.map(one => (one.status === 'fulfilled' ? one.value.outcome : 'unknown'))
    const fault = faultOfRace({ outcomes, kept: await writerOf(at(stores, 1), key) })
    if (fault !== undefined) return fault
    const late = await create(at(stores, 0), key, Buffer.from(`${ways}`))
    if (late.outcome === 'created' || (await writerOf(at(stores, 0), key)) === ways)
      return 'an object that was there was replaced'
  }
  return undefined
}

function at(stores: readonly ObjectStore[], writer: number): ObjectStore {
  return stores[writer % stores.length]!
}

async function writerOf(store: ObjectStore, key: string): Promise<number | undefined> {
  const body = await store.get(key)
  return body === undefined ? undefined : Number(body.toString())
}
