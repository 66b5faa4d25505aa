import type { ObjectLife } from '../storage/cache/read-cache.js'

/**
 * How long what was read of a key holds. `fixed`: for good, because a part of its name is random or a hash of the body: data files, manifests and their
 * lists, bodies of captures. `once`: written once, but a table or a lake that is made anew has the same names.
 */
export function lifeOf(key: string): ObjectLife {
  if (FIXED.some(pattern => pattern.test(key))) return 'fixed'
  return ONCE.some(pattern => pattern.test(key)) ? 'once' : 'changing'
}

const FIXED = [/\/contract_version=v\d+\/.*\.(?:parquet|avro)$/, /-[0-9a-f]{16}\.body(?:\.gz)?$/]
const ONCE = [
  /\/metadata\/v\d+\.metadata\.json$/,
  /^_layout\.json$/,
  /^_state\/[^/]+\/\d{12}\.json$/,
  /^_runs\/(?!backfill-)/,
  /^_(?:contracts|attempts|ledger\/segments)\//,
  /^bronze\/captures\/.*\.ndjson\.gz$/,
]
