import { SluiceError } from '../core/errors.js'
import type { ObjectStore } from '../storage/object-store.js'
import { addressOf } from './table-location.js'

/** The layout of lakes that this version writes. A change that older versions would misread raises it. */
const LAYOUT = 1
/** Is there from a lake's first write on. */
export const LAYOUT_KEY = '_layout.json'

/** Refuses a lake that this version does not understand; an empty one passes. Throws SLUICE_LAYOUT_NEWER, SLUICE_METADATA_CORRUPT. */
export async function checkLayout(store: ObjectStore): Promise<void> {
  const body = await store.get(LAYOUT_KEY)
  if (body !== undefined) checkNumber(addressOf(store, LAYOUT_KEY), body)
}

/** Marks the lake with its layout before the first write; `createdBy` names the version of Sluice. Throws as `checkLayout`. */
export async function ensureLayout(store: ObjectStore, createdBy: string): Promise<void> {
  const present = await store.get(LAYOUT_KEY)
  if (present !== undefined) return checkNumber(addressOf(store, LAYOUT_KEY), present)
  await store.create(LAYOUT_KEY, Buffer.from(`${JSON.stringify({ layout: LAYOUT, createdBy })}\n`))
  await checkLayout(store)
}

function checkNumber(file: string, body: Buffer): void {
  const layout = layoutOf(body)
  if (layout === undefined || layout < 1) {
    const message = `${file} does not say which layout the lake has. Nothing was changed.`
    throw new SluiceError('SLUICE_METADATA_CORRUPT', message, { place: { file } })
  }
  if (layout <= LAYOUT) return
  const message = `The lake has layout ${layout} (${file}); this Sluice knows layouts up to ${LAYOUT}. Nothing was changed.`
  throw new SluiceError('SLUICE_LAYOUT_NEWER', message, { layout, known: LAYOUT, place: { file } })
}

function layoutOf(body: Buffer): number | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    const layout = typeof parsed === 'object' && parsed !== null && 'layout' in parsed ? parsed.layout : undefined
    return Number.isInteger(layout) ? (layout as number) : undefined
  } catch {
    return undefined
  }
}
