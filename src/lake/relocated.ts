import type { TableMetadata } from '../iceberg/types.js'
import { isBucket } from '../storage/store-address.js'
import { FORMER_LOCATIONS, formerLocations, withoutScheme } from './table-location.js'

/**
 * Metadata of a table of a lake that was copied from or to a bucket, as it is at its address of today: what is written next is named there, and what
 * was written before stays readable. A folder keeps the address that it was given: it may be one folder that several machines mount under
 * different names.
 */
export function relocated(metadata: TableMetadata, location: string): TableMetadata {
  const before = metadata.location
  if (withoutScheme(before) === withoutScheme(location)) return metadata
  if (!isBucket(location) && !isBucket(withoutScheme(before))) return metadata
  const former = [...new Set([...formerLocations(metadata), before])].filter(one => one !== location)
  return {
    ...metadata,
    location,
    properties: { ...metadata.properties, [FORMER_LOCATIONS]: former.join('\n') },
  }
}
