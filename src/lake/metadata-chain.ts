import { sha256Hex } from '../core/ids.js'
import { printMetadata } from '../iceberg/metadata-json.js'
import type { TableMetadata } from '../iceberg/types.js'
import type { Update } from '../iceberg/update.js'
import type { LoadedTable } from './catalog.js'

/**
 * Table property: the version before this one, and the sha256 of its file, `4 9f2c…`. Each metadata file so vouches for the one before it. A writer
 * who does not know the property hands an older number on, which vouches for nothing.
 */
export const PREVIOUS_METADATA = 'sluice.previous-metadata'

/**
 * Table property: this version, and the sha256 of its file with zeros in the place of that, `5 71ab…`. The newest file so vouches for itself, until a
 * next one does.
 */
export const OWN_METADATA = 'sluice.metadata'
const NO_SHA256 = '0'.repeat(64)

/** Notes in the next version what the bytes of `base` are. */
export function chained({ version, metadataSha256 }: LoadedTable): Update[] {
  if (metadataSha256 === undefined) return []
  return [{ action: 'set-properties', updates: { [PREVIOUS_METADATA]: `${version} ${metadataSha256}` } }]
}

/** The sha256 that `version` notes of the file of the version before it, if it does. */
export function previousSha256(properties: Readonly<Record<string, string>>, version: number): string | undefined {
  return noted(properties[PREVIOUS_METADATA], version - 1)
}

/** A version as it is written: metadata that notes the hash of its own file, and that file. */
export function sealed(
  metadata: TableMetadata,
  version: number,
): { readonly metadata: TableMetadata; readonly body: Buffer } {
  const withHash = (sha256: string): TableMetadata => ({
    ...metadata,
    properties: { ...metadata.properties, [OWN_METADATA]: `${version} ${sha256}` },
  })
  const sha256 = sha256Hex(Buffer.from(printMetadata(withHash(NO_SHA256))))
  const own = withHash(sha256)
  return { metadata: own, body: Buffer.from(printMetadata(own)) }
}

/** Whether the file of a version notes a hash of itself that it does not have. */
export function isSealBroken(body: Buffer, { properties }: TableMetadata, version: number): boolean {
  const sha256 = noted(properties[OWN_METADATA], version)
  if (sha256 === undefined) return false
  return (
    sha256Hex(Buffer.from(body.toString('utf8').replace(`${version} ${sha256}`, `${version} ${NO_SHA256}`))) !== sha256
  )
}

function noted(text: string | undefined, version: number): string | undefined {
  const [, of, sha256] = /^(\d+) ([0-9a-f]{64})$/.exec(text ?? '') ?? []
  return Number(of) === version ? sha256 : undefined
}
