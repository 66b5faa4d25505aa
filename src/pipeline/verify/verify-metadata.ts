import { asSluiceError } from '../../core/errors.js'
import { parseMetadata } from '../../iceberg/metadata-json.js'
import type { TableMetadata } from '../../iceberg/types.js'
import type { LoadedTable, TableName } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { tableKey } from '../../lake/table-location.js'
import { readOrFault } from './read-or-fault.js'
import type { Fault } from './verification.js'

export interface VerifiedMetadata {
  /** The table by the newest of its metadata files that can be read; undefined when none can. */
  readonly table: LoadedTable | undefined
  readonly files: number
  readonly faults: readonly Fault[]
}

/** Reads every metadata file of a table: each parses, none is missing between two, the hint names one, and no clock went back. */
export async function verifyMetadata(lake: Lake, name: TableName): Promise<VerifiedMetadata> {
  const folder = `${tableKey(name)}/metadata/`
  const about = { subject: `${name.layer}.${name.dataset}`, place: '' }
  const faults: Fault[] = []
  const versions: { readonly version: number; readonly key: string; readonly metadata: TableMetadata | undefined }[] =
    []
  for (const [version, key] of await versionsIn(lake, folder)) {
    const read = await readOrFault(lake.store, key, about.subject)
    if ('fault' in read) faults.push(read.fault)
    versions.push({ version, key, metadata: 'bytes' in read ? parsed(read.bytes, key, about, faults) : undefined })
  }
  for (const [at, { version, key }] of versions.entries()) {
    const before = versions[at - 1]?.version ?? version - 1
    const what = `the version before it is ${before}: one between them is gone`
    if (before !== version - 1) faults.push({ ...about, kind: 'missing', code: 'metadata_gap', file: key, what })
  }
  faults.push(...(await hintFaults(lake, `${folder}version-hint.text`, versions.at(-1)?.version, about)))
  faults.push(...clockFaults(versions, about))
  const newest = versions.findLast(({ metadata }) => metadata !== undefined)
  const table = newest && { name, metadata: newest.metadata!, metadataKey: newest.key, version: newest.version }
  return { table, files: versions.length, faults }
}

type About = Pick<Fault, 'subject' | 'place'>

/** Versions with their keys, ascending. */
async function versionsIn({ store }: Lake, folder: string): Promise<[version: number, key: string][]> {
  const found: [number, string][] = []
  for await (const { key } of store.list(folder)) {
    const digits = /^v([1-9]\d{0,14})\.metadata\.json$/.exec(key.slice(folder.length))?.[1]
    if (digits !== undefined) found.push([Number(digits), key])
  }
  return found.sort(([a], [b]) => a - b)
}

function parsed(bytes: Buffer, file: string, about: About, faults: Fault[]): TableMetadata | undefined {
  try {
    return parseMetadata(bytes.toString('utf8'), file)
  } catch (cause) {
    faults.push({ ...about, kind: 'damaged', code: 'metadata_invalid', file, what: asSluiceError(cause).message })
    return undefined
  }
}

/** A hint may be behind, or not there. Other engines follow it: one that is ahead leads them nowhere. */
async function hintFaults(lake: Lake, file: string, newest: number | undefined, about: About): Promise<Fault[]> {
  const text = (await lake.store.get(file).catch(() => undefined))?.toString('latin1').trim()
  if (text === undefined || newest === undefined || (/^\d+$/.test(text) && Number(text) <= newest)) return []
  const what = `it names version "${text.slice(0, 40)}", and the newest is ${newest}`
  return [{ ...about, kind: 'damaged', code: 'hint_wrong', file, what }]
}

function clockFaults(
  versions: readonly { readonly key: string; readonly metadata: TableMetadata | undefined }[],
  about: About,
): Fault[] {
  const known = versions.flatMap(({ key, metadata }) => (metadata === undefined ? [] : [{ key, metadata }]))
  return known.flatMap(({ key, metadata }, at) => {
    const before = known[at - 1]?.metadata['last-updated-ms']
    if (before === undefined || metadata['last-updated-ms'] >= before) return []
    const times = [metadata['last-updated-ms'], before].map(ms => new Date(ms).toISOString())
    const what = `it was written at ${times[0]}, and the version before it later, at ${times[1]}: the clock went back`
    return [{ ...about, kind: 'odd' as const, code: 'metadata_clock', file: key, what }]
  })
}
