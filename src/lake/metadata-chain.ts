import type { Update } from '../iceberg/update.js'
import type { LoadedTable } from './catalog.js'

/**
 * Table property: the version before this one, and the sha256 of its file, `4 9f2c…`. Each metadata file so vouches for the one before it. A writer
 * who does not know the property hands an older number on, which vouches for nothing.
 */
export const PREVIOUS_METADATA = 'sluice.previous-metadata'

/** Notes in the next version what the bytes of `base` are. */
export function chained({ version, metadataSha256 }: LoadedTable): Update[] {
  if (metadataSha256 === undefined) return []
  return [{ action: 'set-properties', updates: { [PREVIOUS_METADATA]: `${version} ${metadataSha256}` } }]
}

/** The sha256 that `version` notes of the file of the version before it, if it does. */
export function previousSha256(properties: Readonly<Record<string, string>>, version: number): string | undefined {
  const [, before, sha256] = /^(\d+) ([0-9a-f]{64})$/.exec(properties[PREVIOUS_METADATA] ?? '') ?? []
  return Number(before) === version - 1 ? sha256 : undefined
}
