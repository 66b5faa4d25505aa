import { SluiceError } from '../core/errors.js'
import type { ObjectStore } from '../storage/object-store.js'
import { claimSurely } from './claim.js'
import { addressOf } from './table-location.js'

/**
 * The layout of lakes that this version makes. A change that older versions would misread raises it. Layout 2: tables and states are found by their
 * names; a lake of layout 1 is worked on as it is, and what it holds is found by listings.
 */
const LAYOUT = 2
const FOUND_BY_NAME = 2
/** Is there from a lake's first write on. */
export const LAYOUT_KEY = '_layout.json'

/** How many processes may write to a lake at a time. */
export type Writers = 'one' | 'several'

export interface LayoutOptions {
  /** The version of Sluice that marks a new lake. */
  readonly createdBy: string
  /** What the project says: `one` promises that no other process writes meanwhile. */
  readonly writers: Writers
  /** What keeps the store from having several writers, in words; undefined for nothing. Asked of new lakes only. */
  admit(): Promise<string | undefined>
}

interface Layout {
  readonly layout: number
  /** Of a lake on a store that did not stand a race. */
  readonly writers: Writers
}

/** The layouts of lakes, by their stores: none ever changes. */
const known = new WeakMap<ObjectStore, number>()

/** Refuses a lake that this version does not understand; an empty one passes. Throws SLUICE_LAYOUT_NEWER, SLUICE_METADATA_CORRUPT. */
export async function checkLayout(store: ObjectStore): Promise<void> {
  await readLayout(store)
}

/**
 * Marks the lake with its layout before the first write. Throws as `checkLayout`, and SLUICE_STORE_UNFIT for a store on which several writers would
 * lose each other's work, unless the project promises that there is one.
 */
export async function ensureLayout(store: ObjectStore, { createdBy, writers, admit }: LayoutOptions): Promise<void> {
  const present = await readLayout(store)
  if (present !== undefined) return refuseSeveral(store, present, writers)
  const fault = await admit()
  if (fault !== undefined && writers === 'several') throw unfit(store, fault)
  // A lake that has lost its mark is one whose tables nothing names.
  const number = known.get(store) ?? ((await hasTables(store)) ? 1 : LAYOUT)
  const layout = { layout: number, createdBy, ...(fault !== undefined && { writers: 'one' }) }
  await claimSurely(store, LAYOUT_KEY, Buffer.from(`${JSON.stringify(layout)}\n`), 'Nothing else was written.')
  const written = await readLayout(store)
  if (written !== undefined) refuseSeveral(store, written, writers)
}

function refuseSeveral(store: ObjectStore, layout: Layout, writers: Writers): void {
  if (layout.writers === 'one' && writers === 'several')
    throw unfit(store, `it did not stand a race when the lake was made, as ${addressOf(store, LAYOUT_KEY)} says`)
}

function unfit(store: ObjectStore, fault: string): SluiceError {
  const message = `The store ${store.root} cannot have several writers: ${fault}. Nothing was changed.`
  return new SluiceError('SLUICE_STORE_UNFIT', message, { root: store.root })
}

/** Whether what a lake holds is found by names, without a listing. So is what a lake holds that nobody has written to. Throws as `checkLayout`. */
export async function isFoundByName(store: ObjectStore): Promise<boolean> {
  const layout = known.get(store) ?? (await readLayout(store))?.layout
  if (layout !== undefined) return layout >= FOUND_BY_NAME
  const isEmpty = (await store.listFolders('')).length === 0
  if (isEmpty) known.set(store, LAYOUT)
  return isEmpty
}

async function hasTables(store: ObjectStore): Promise<boolean> {
  const folders = await store.listFolders('')
  if (folders.some(name => /^(?:silver|gold|quarantine)(?:_|$)/.test(name))) return true
  return folders.includes('bronze') && (await store.listFolders('bronze/')).some(name => name !== 'captures')
}

async function readLayout(store: ObjectStore): Promise<Layout | undefined> {
  const body = await store.get(LAYOUT_KEY)
  if (body === undefined) return undefined
  const file = addressOf(store, LAYOUT_KEY)
  const read = parse(body)
  if (read === undefined || read.layout < 1) {
    const message = `${file} does not say which layout the lake has. Nothing was changed.`
    throw new SluiceError('SLUICE_METADATA_CORRUPT', message, { place: { file } })
  }
  const { layout } = read
  if (layout <= LAYOUT) {
    known.set(store, layout)
    return read
  }
  const message = `The lake has layout ${layout} (${file}); this Sluice knows layouts up to ${LAYOUT}. Nothing was changed.`
  throw new SluiceError('SLUICE_LAYOUT_NEWER', message, { layout, known: LAYOUT, place: { file } })
}

function parse(body: Buffer): Layout | undefined {
  try {
    const parsed = JSON.parse(body.toString('utf8')) as { layout?: unknown; writers?: unknown } | null
    if (!Number.isInteger(parsed?.layout)) return undefined
    return { layout: parsed?.layout as number, writers: parsed?.writers === 'one' ? 'one' : 'several' }
  } catch {
    return undefined
  }
}
