import { SluiceError } from '../core/errors.js'
import { randomIds } from '../core/ids.js'
import type { ObjectStore } from '../storage/object-store.js'
import { claim } from './claim.js'
import { dropOld, isNewest, newestFrom, newestNumber, stateKey } from './state-numbers.js'
import { addressOf } from './table-location.js'

/** A value of the lake that is replaced as a whole: intervals, breakers, quotas, leases. */
export interface State {
  /** Counts the writes from 1. */
  readonly n: number
  /** As JSON gives it. */
  readonly value: unknown
}

/** `conflict`: another write was first; read again and decide anew. `unknown`: read again and see whether it is there. */
export type StateOutcome =
  | { readonly outcome: 'written'; readonly n: number }
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'unknown'; readonly cause: unknown }

const READS = 10

/** The newest value of a state, or undefined when none was written. Throws SLUICE_METADATA_CORRUPT, with the file. */
export async function readState(store: ObjectStore, name: string): Promise<State | undefined> {
  const seen = await seenNumber(store, name)
  let state = seen === undefined ? undefined : await lookAgain(store, name, seen)
  for (let read = 0; state === undefined && read < READS; read++) {
    const n = await newestNumber(store, name)
    if (n === 0) return undefined
    // Dropped since it was found: newer ones were written.
    state = await stateOf(store, name, n)
  }
  if (state === undefined) {
    const message = `The state ${name} changed faster than it could be read, ${READS} times. Nothing was changed.`
    throw new SluiceError('SLUICE_STORE_UNAVAILABLE', message, { name })
  }
  if (state.n !== seen) await see(store, name, state.n)
  return state
}

/** From the number on that this machine saw last: undefined where it is not to be begun with. */
async function lookAgain(store: ObjectStore, name: string, seen: number): Promise<State | undefined> {
  const [state, next] = await Promise.all([stateOf(store, name, seen), newestFrom(store, name, seen)])
  if (state === undefined || next === seen) return state
  return next === undefined ? undefined : stateOf(store, name, next)
}

async function seenNumber(store: ObjectStore, name: string): Promise<number | undefined> {
  const text = await store.memory?.read(stateKey(name, 0))
  return text !== undefined && /^[1-9]\d{0,11}$/.test(text) ? Number(text) : undefined
}

async function see(store: ObjectStore, name: string, n: number): Promise<void> {
  await store.memory?.write(stateKey(name, 0), String(n))
}

async function stateOf(store: ObjectStore, name: string, n: number): Promise<State | undefined> {
  const key = stateKey(name, n)
  const body = await store.get(key)
  return body === undefined ? undefined : { n, value: parseValue(addressOf(store, key), body) }
}

/** Replaces a state that was read as number `base`, 0 for none. `value` is JSON. Exclusive creation decides between writers. */
export async function writeState(
  store: ObjectStore,
  name: string,
  base: number,
  value: unknown,
): Promise<StateOutcome> {
  const n = base + 1
  if (!(await isNewest(store, name, base))) return { outcome: 'conflict' }
  // The id tells two writers of equal values apart: a counter must not be raised once for both.
  const body = Buffer.from(JSON.stringify({ write_id: randomIds.uuid(), value }))
  const claimed = await claim(store, stateKey(name, n), body)
  if (claimed.outcome === 'unknown') return claimed
  return claimed.outcome === 'taken' ? { outcome: 'conflict' } : settle(store, name, n)
}

async function settle(store: ObjectStore, name: string, n: number): Promise<StateOutcome> {
  if (await dropOld(store, name, n)) {
    await see(store, name, n)
    return { outcome: 'written', n }
  }
  // Either this writer slept, its number was used and dropped, and the write went nowhere; or others were quick since.
  return { outcome: 'unknown', cause: new Error(`the state ${name} is far beyond number ${n}`) }
}

/** Whether a JSON document is a state as it is stored, whatever its value. */
export function isStoredState(document: unknown): document is { readonly value: unknown } {
  return typeof document === 'object' && document !== null && 'value' in document
}

function parseValue(file: string, body: Buffer): unknown {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    if (isStoredState(parsed)) return parsed.value
  } catch {
    // Said below.
  }
  throw new SluiceError('SLUICE_METADATA_CORRUPT', `${file} is not a state of Sluice. Nothing was changed.`, {
    place: { file },
  })
}
