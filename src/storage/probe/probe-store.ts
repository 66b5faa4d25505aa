import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.js'
import { asSluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import type { ObjectStore } from '../object-store.js'
import { raceCreations } from './race-creations.js'

/** What a lake needs of a store. */
export type Need = 'write' | 'read' | 'range' | 'list' | 'exclusive create' | 'exclusive upload' | 'delete' | 'clock'

export interface Probed {
  readonly need: Need
  readonly isMet: boolean
  readonly detail: string
}

export interface ProbeOptions {
  /** Clients of the same objects. */
  readonly stores: readonly ObjectStore[]
  /** A folder of the store that nobody else uses; all that is written below it is deleted again. It ends with a `/`. */
  readonly prefix: string
  /** An empty folder on this machine, for files that are uploaded. */
  readonly folder: string
  readonly clock: Clock
  readonly ways: number
  readonly races: number
  /** Size of the file that is uploaded. */
  readonly uploadBytes: number
}

/** Times of a store are cut to seconds, and a request takes a while: less than this is no difference of clocks. */
const CLOCK_TOLERANCE_MS = 5_000
const LISTED = 7

/**
 * Tries all that a lake needs of a store, on objects of its own. Every need is answered, each as if the others were met, but for a store that takes no
 * object at all: its error is thrown.
 */
export async function probeStore(options: ProbeOptions): Promise<Probed[]> {
  const { prefix, stores } = options
  const written = new Set<string>()
  const key = (name: string): string => {
    written.add(prefix + name)
    return prefix + name
  }
  const first = stores[0]!
  const before = options.clock.now()
  await first.put(key('object'), Buffer.from('first'))
  const after = options.clock.now()
  const probe: Probe = { ...options, first, last: stores.at(-1)!, key }
  try {
    return [
      await asked('write', () => replaced(probe)),
      await asked('read', () => read(probe)),
      await asked('range', () => range(probe)),
      await asked('list', () => list(probe)),
      await asked('exclusive create', () => exclusiveCreate(probe)),
      await asked('exclusive upload', () => exclusiveUpload(probe)),
      await asked('delete', () => deleted(probe)),
      await asked('clock', () => clocks(probe, before, after)),
    ]
  } finally {
    // What is still there after a fault is worth one more try, and no second error.
    await Promise.allSettled([...written].map(each => first.delete(each)))
  }
}

interface Probe extends ProbeOptions {
  readonly first: ObjectStore
  readonly last: ObjectStore
  /** Names an object that is deleted at the end. */
  key(name: string): string
}

interface Answer {
  /** Undefined when the need is met. */
  readonly fault: string | undefined
  readonly done: string
}

async function asked(need: Need, ask: () => Promise<Answer>): Promise<Probed> {
  try {
    const { fault, done } = await ask()
    return { need, isMet: fault === undefined, detail: fault ?? done }
  } catch (thrown) {
    const { code, message } = asSluiceError(thrown)
    return { need, isMet: false, detail: `${code}: ${message}` }
  }
}

async function replaced({ first, key }: Probe): Promise<Answer> {
  await first.put(key('replaced'), Buffer.from('long first text'))
  await first.put(key('replaced'), Buffer.from('second'))
  const text = String(await first.get(key('replaced')))
  return {
    fault: text === 'second' ? undefined : `an object that was replaced reads ${text}`,
    done: 'objects are replaced whole',
  }
}

async function read({ last, key, prefix }: Probe): Promise<Answer> {
  const [present, missing, head] = [
    await last.get(key('object')),
    await last.get(`${prefix}none`),
    await last.head(key('object')),
  ]
  const done = 'what was written is there at once, through every client'
  if (String(present) !== 'first' || head?.sizeBytes !== 5)
    return { fault: 'an object that was just written is not there', done }
  return { fault: missing === undefined ? undefined : 'an object that was never written is there', done }
}

async function range({ last, key }: Probe): Promise<Answer> {
  const [middle, beyond] = [await last.getRange(key('object'), 1, 3), await last.getRange(key('object'), 3, 100)]
  const fits = String(middle) === 'ir' && String(beyond) === 'st'
  return {
    fault: fits ? undefined : 'a range is not the bytes that were asked for',
    done: 'any part of an object can be read',
  }
}

async function list({ first, last, key, prefix }: Probe): Promise<Answer> {
  const names = Array.from({ length: LISTED }, (_, at) => key(`list/${at}/object`))
  await Promise.all(names.map(name => first.put(name, Buffer.from(name))))
  const found: string[] = []
  for await (const entry of last.list(`${prefix}list/`)) found.push(entry.key)
  const folders = await last.listFolders(`${prefix}list/`)
  const fits = `${found}` === `${names}` && folders.length === LISTED
  const done = 'what was written is listed at once, in order, and by folders'
  return { fault: fits ? undefined : `a list shows ${found.length} of ${LISTED} objects that were just written`, done }
}

async function exclusiveCreate({ stores, ways, races, key }: Probe): Promise<Answer> {
  const keys = Array.from({ length: races }, (_, at) => key(`race/${at}`))
  const fault = await raceCreations({ stores, ways, keys, create: (store, name, body) => store.create(name, body) })
  const through = stores.length === 1 ? '' : ` through ${stores.length} clients`
  return { fault, done: `one winner each time: ${races} objects, ${ways} writers at once${through}` }
}

async function exclusiveUpload({ stores, first, last, folder, uploadBytes, races, key }: Probe): Promise<Answer> {
  const bytes = Buffer.alloc(uploadBytes, 'sluice')
  const done = `a file of ${uploadBytes} bytes arrives whole, and only where there is none`
  const path = join(folder, 'upload')
  await writeFile(path, bytes)
  const uploaded = await first.adopt(path, key('uploaded'))
  if (uploaded.outcome !== 'created') return { fault: `an upload ended as '${uploaded.outcome}'`, done }
  if (sha256Hex((await last.get(key('uploaded'))) ?? '') !== sha256Hex(bytes))
    return { fault: 'an upload arrived bent', done }
  let files = 0
  const create = async (store: ObjectStore, name: string, body: Buffer) => {
    const file = join(folder, `race-${files++}`)
    await writeFile(file, body)
    return store.adopt(file, name)
  }
  const keys = Array.from({ length: Math.ceil(races / 4) }, (_, at) => key(`upload/${at}`))
  const fault = await raceCreations({ stores, ways: 4, keys, create })
  if (fault !== undefined) return { fault, done }
  // Its last request carries the condition, and is another one than that of a small object.
  await writeFile(path, Buffer.alloc(uploadBytes, 'other'))
  const again = await last.adopt(path, key('uploaded'))
  return {
    fault: again.outcome === 'exists' ? undefined : `an upload to a key that is taken ended as '${again.outcome}'`,
    done,
  }
}

async function deleted({ first, last, key }: Probe): Promise<Answer> {
  await first.put(key('deleted'), Buffer.from('x'))
  await first.delete(key('deleted'))
  await first.delete(key('deleted'))
  const isGone = (await last.get(key('deleted'))) === undefined
  return {
    fault: isGone ? undefined : 'an object that was deleted is still there',
    done: 'deleted objects are gone at once',
  }
}

async function clocks({ first, key }: Probe, before: number, after: number): Promise<Answer> {
  for await (const { modifiedMs } of first.list(key('object'))) {
    const aheadMs = modifiedMs < before - CLOCK_TOLERANCE_MS ? modifiedMs - before : Math.max(0, modifiedMs - after)
    const isNear = Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS
    const differs = `the clock of the store is ${Math.abs(Math.round(aheadMs / 1000))} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of this machine`
    return { fault: isNear ? undefined : differs, done: 'the clocks of the store and of this machine agree' }
  }
  return { fault: 'the store does not say when an object was written', done: '' }
}
