import { sha256Hex } from '../core/ids.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { TableName } from './catalog.js'
import { headHint, isVersion, metadataKey } from './metadata-version.js'

/** What this machine has seen of a table: its newest version, while the hint was as its stamp says. */
interface SeenVersion {
  readonly version: number
  /** Of the metadata file's bytes. */
  readonly sha256: string
  /** Of the hint, before the version was looked for. */
  readonly stamp: string
}

/**
 * The newest version of a table, if it is still the one that this machine saw last. Every commit writes the hint anew, but one that died before it: the
 * next version is looked for too. A hint that is as it was says that the table was not removed and made anew, and that no later version came and went:
 * nothing is dropped before the hint is far beyond it. Of a store without a memory nothing was seen.
 */
export async function lookAgain(
  store: ObjectStore,
  name: TableName,
): Promise<{ readonly version: number; readonly body: Buffer } | undefined> {
  const last = parse(await store.memory?.read(noteOf(name)))
  if (last === undefined) return undefined
  const key = metadataKey(name, last.version)
  const [stamp, isFollowed] = await Promise.all([headHint(store, name), isVersion(store, name, last.version + 1)])
  if (isFollowed || stamp !== last.stamp) return undefined
  const body = await store.memory?.body(key)
  return body !== undefined && sha256Hex(body) === last.sha256 ? { version: last.version, body } : undefined
}

/** Notes what was found. A table without a hint is not noted: nothing would vouch for it. */
export async function remember(
  store: ObjectStore,
  name: TableName,
  { version, sha256, stamp }: SeenVersion,
): Promise<void> {
  await store.memory?.write(noteOf(name), `${version} ${sha256} ${stamp}`)
}

function noteOf(name: TableName): string {
  return `newest ${metadataKey(name, 0)}`
}

function parse(text = ''): SeenVersion | undefined {
  const [, version, sha256, stamp] = /^([1-9]\d{0,14}) ([0-9a-f]{64}) (.+)$/s.exec(text) ?? []
  return sha256 === undefined || stamp === undefined ? undefined : { version: Number(version), sha256, stamp }
}
