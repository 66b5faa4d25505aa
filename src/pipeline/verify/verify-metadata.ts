import { asSluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import { parseMetadata } from '../../iceberg/metadata-json.js'
import type { TableMetadata } from '../../iceberg/types.js'
import type { LoadedTable, TableName } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { LEAST_VERSIONS } from '../../lake/maintain/prune-metadata.js'
import { isSealBroken } from '../../lake/metadata-chain.js'
import { relocated } from '../../lake/relocated.js'
import { formerLocations, tableKey, tableLocation } from '../../lake/table-location.js'
import { readOrFault } from './read-or-fault.js'
import type { Fault } from './verification.js'

/** A metadata file of a table. */
export interface MetadataFile {
  readonly version: number
  readonly key: string
  /** Undefined when it cannot be read. */
  readonly sha256: string | undefined
  readonly metadata: TableMetadata | undefined
  /** Whether it notes a hash of itself that it does not have. */
  readonly isSealBroken: boolean
}

export interface VerifiedMetadata {
  /** The table by the newest of its metadata files that can be read; undefined when none can. */
  readonly table: LoadedTable | undefined
  /** Those that are there, the oldest first. */
  readonly files: readonly MetadataFile[]
  readonly faults: readonly Fault[]
}

/** Reads every metadata file of a table: there is one, each parses, none is missing between two, the hint names the newest, and no clock went back. */
export async function verifyMetadata(lake: Lake, name: TableName): Promise<VerifiedMetadata> {
  const folder = `${tableKey(name)}/metadata/`
  const about = { subject: `${name.layer}.${name.dataset}`, place: '' }
  const faults: Fault[] = []
  const versions: MetadataFile[] = []
  for (const [version, key] of await versionsIn(lake, folder)) {
    const read = await readOrFault(lake.store, key, about.subject)
    if ('fault' in read) faults.push(read.fault)
    const bytes = 'bytes' in read ? read.bytes : undefined
    const metadata = bytes && parsed(bytes, key, about, faults)
    const isBroken = bytes !== undefined && metadata !== undefined && isSealBroken(bytes, metadata, version)
    versions.push({ version, key, sha256: bytes && sha256Hex(bytes), metadata, isSealBroken: isBroken })
  }
  if (versions.length === 0) {
    const what = 'records of runs say that they wrote to it, and no metadata of it is there'
    const gone: Fault = { ...about, kind: 'missing', code: 'table_missing', file: folder, what }
    return { table: undefined, files: [], faults: [gone] }
  }
  const latest = versions.at(-1)!.version
  for (const [at, { version, key }] of versions.entries()) {
    const before = versions[at - 1]?.version ?? 0
    // See `choosePrunable`: what is pruned follows the first version, and so many below the newest stay.
    const isPruned = before <= 1 && version <= latest - LEAST_VERSIONS
    if (before === version - 1 || isPruned) continue
    const what = `the version before it that is there is ${before === 0 ? 'none' : before}: one between them is gone`
    faults.push({ ...about, kind: 'missing', code: 'metadata_gap', file: key, what })
  }
  faults.push(...(await hintFaults(lake, `${folder}version-hint.text`, latest, about)))
  faults.push(...clockFaults(versions, about))
  const newest = versions.findLast(({ metadata }) => metadata !== undefined)
  const own = newest && relocated(newest.metadata!, tableLocation(lake.store, name))
  const former = own === undefined ? [] : formerLocations(own)
  if (former.length > 0) {
    const what = `the lake was at ${former.join(', ')} before: other engines look there for the files of that time`
    faults.push({ ...about, kind: 'odd', code: 'location_former', file: newest!.key, what })
  }
  const table = newest && { name, metadata: own!, metadataKey: newest.key, version: newest.version }
  return { table, files: versions, faults }
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

/** Other engines follow the hint: one that is behind shows them old rows. It is written after the version that it names: one that is ahead says that this version is lost. */
async function hintFaults(lake: Lake, file: string, newest: number, about: About): Promise<Fault[]> {
  const text = (await lake.store.get(file).catch(() => undefined))?.toString('latin1').trim()
  // A new table begins at version 1 without a hint.
  if (text === String(newest) || (text === undefined && newest === 1)) return []
  const then = `and the newest version is ${newest}: the next commit writes it again`
  if (text === undefined)
    return [{ ...about, kind: 'odd', code: 'hint_missing', file, what: `it is not there, ${then}` }]
  const isBehind = /^\d+$/.test(text) && Number(text) < newest
  const isAhead = /^\d+$/.test(text) && !isBehind
  const what = `it says "${text.slice(0, 40)}", ${isAhead ? `and the newest version that is there is ${newest}: what was committed since is lost` : then}`
  return [{ ...about, kind: isBehind ? 'odd' : 'damaged', code: isBehind ? 'hint_behind' : 'hint_wrong', file, what }]
}

function clockFaults(versions: readonly MetadataFile[], about: About): Fault[] {
  const known = versions.flatMap(({ key, metadata }) => (metadata === undefined ? [] : [{ key, metadata }]))
  return known.flatMap(({ key, metadata }, at) => {
    const before = known[at - 1]?.metadata['last-updated-ms']
    if (before === undefined || metadata['last-updated-ms'] >= before) return []
    const times = [metadata['last-updated-ms'], before].map(ms => new Date(ms).toISOString())
    const what = `it was written at ${times[0]}, and the version before it later, at ${times[1]}: the clock went back`
    return [{ ...about, kind: 'odd' as const, code: 'metadata_clock', file: key, what }]
  })
}
