/**
 * Whether a key has one body for good, because a part of its name is random or a hash of the body: data files, manifests and their lists, bodies of
 * captures. Metadata files are not among them: a table that is made anew has the same names.
 */
export function isFixedObject(key: string): boolean {
  return /\/contract_version=v\d+\/.*\.(?:parquet|avro)$/.test(key) || /-[0-9a-f]{16}\.body(?:\.gz)?$/.test(key)
}
