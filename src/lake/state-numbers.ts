import { SluiceError } from '../core/errors.js'
import type { ObjectStore } from '../storage/object-store.js'
import { isFoundByName } from './layout.js'
import { addressOf } from './table-location.js'

/** So many newest numbers are kept at least: a reader still finds what it has just found the newest, and a slow writer its base. */
export const KEPT = 20
const DIGITS = 12
/** Every so many numbers the hint is written, and what is too old goes. */
const HINT_EVERY = 8

/** Zero-padded, so that a listing is in order of the numbers. */
export function stateKey(name: string, n: number): string {
  return `_state/${name}/${String(n).padStart(DIGITS, '0')}.json`
}

/**
 * The newest number of a state, 0 for none. The hint says where to begin: all numbers from it on are there, and from 1 on while there is no hint. It is
 * written before anything goes, so it may be behind and never ahead. Throws SLUICE_METADATA_CORRUPT where neither the number that it names is there nor a later one.
 */
export async function newestNumber(store: ObjectStore, name: string): Promise<number> {
  if (!(await isFoundByName(store))) return (await listedNumbers(store, name)).at(-1) ?? 0
  const hint = await readHint(store, name)
  if (hint > 0 && !(await exists(store, name, hint))) return newestListed(store, name, hint)
  return upwards(store, name, hint)
}

/** A hint of long ago names a number that was dropped since: then there are later ones. */
async function newestListed(store: ObjectStore, name: string, hint: number): Promise<number> {
  const newest = (await listedNumbers(store, name)).at(-1) ?? 0
  if (newest >= hint) return newest
  const file = addressOf(store, stateKey(name, hint))
  const message = `${file} is not there, and newest.text beside it says that the state ${name} came to that number; the newest that is left is ${newest || 'none'}. Nothing was changed.`
  throw new SluiceError('SLUICE_METADATA_CORRUPT', message, {
    place: { file },
    next: 'Stop writing and run `sluice verify`. Restore the file from a backup or an older version of the bucket; docs/guides/verify-a-lake.md says what to do where there is none.',
  })
}

/** Whether `base` is the newest number, 0 for none, or at least was a moment ago: `create` decides. */
export async function isNewest(store: ObjectStore, name: string, base: number): Promise<boolean> {
  if (!(await isFoundByName(store))) return ((await listedNumbers(store, name)).at(-1) ?? 0) === base
  // Where the base is gone, its successor may be gone too, and so be free.
  const [isKept, isFollowed] = await Promise.all([
    base === 0 ? readHint(store, name).then(hint => hint === 0) : exists(store, name, base),
    exists(store, name, base + 1),
  ])
  return isKept && !isFollowed
}

/** The newest number from one on that is known to be there, or undefined where the hint is beyond that one: numbers between them may be gone. */
export async function newestFrom(store: ObjectStore, name: string, from: number): Promise<number | undefined> {
  if (!(await isFoundByName(store))) return undefined
  const [hint, isFollowed] = await Promise.all([readHint(store, name), exists(store, name, from + 1)])
  if (hint > from) return undefined
  return isFollowed ? upwards(store, name, from + 1) : from
}

/**
 * Drops numbers that are too old, after `n` was written. Whether `n` counts: not if it was used and dropped before, while its writer slept.
 */
export async function dropOld(store: ObjectStore, name: string, n: number): Promise<boolean> {
  if (!(await isFoundByName(store))) return dropListed(store, name, n)
  const hint = await readHint(store, name)
  if (hint >= n + KEPT) return false
  if (n % HINT_EVERY === 0 && (await writeHint(store, name, n))) {
    const old = Array.from({ length: HINT_EVERY }, (_, at) => n - KEPT - at).filter(number => number > 0)
    await Promise.allSettled(old.map(number => store.delete(stateKey(name, number))))
  }
  return true
}

async function dropListed(store: ObjectStore, name: string, n: number): Promise<boolean> {
  const numbers = await listedNumbers(store, name)
  if (numbers.at(-1)! >= n + KEPT) return false
  await Promise.allSettled(numbers.slice(0, -KEPT).map(old => store.delete(stateKey(name, old))))
  return true
}

/** Whoever writes last looks once more, so that writers that overtake each other leave the highest hint. */
async function writeHint(store: ObjectStore, name: string, n: number): Promise<boolean> {
  try {
    for (let newest = n; ; newest += HINT_EVERY) {
      await store.put(hintKey(name), Buffer.from(String(newest)))
      if (!(await exists(store, name, newest + HINT_EVERY))) return true
    }
  } catch {
    // Whoever comes next begins further back.
    return false
  }
}

async function readHint(store: ObjectStore, name: string): Promise<number> {
  const text = (await store.get(hintKey(name)))?.toString('latin1').trim() ?? ''
  return /^[1-9]\d{0,11}$/.test(text) ? Number(text) : 0
}

async function upwards(store: ObjectStore, name: string, from: number): Promise<number> {
  let n = from
  while (await exists(store, name, n + 1)) n++
  return n
}

async function exists(store: ObjectStore, name: string, n: number): Promise<boolean> {
  return (await store.head(stateKey(name, n))) !== undefined
}

function hintKey(name: string): string {
  return `_state/${name}/newest.text`
}

/** Ascending. */
async function listedNumbers(store: ObjectStore, name: string): Promise<number[]> {
  const folder = `_state/${name}/`
  const numbers: number[] = []
  for await (const { key } of store.list(folder)) {
    const digits = /^(\d{12})\.json$/.exec(key.slice(folder.length))?.[1]
    if (digits !== undefined) numbers.push(Number(digits))
  }
  return numbers
}
