import { compareValues, decodeValue, encodeValue } from './bounds.js'
import { boundValueOf } from './partition-value.js'
import { primitiveOf } from './schema-fields.js'
import { transformedType } from './transforms.js'
import type {
  FieldSummary,
  ManifestFile,
  PartitionSpec,
  PartitionTuple,
  PartitionValue,
  PrimitiveType,
  Schema,
} from './types.js'

/** From this many manifests on, small ones are merged: planning a scan reads each of them. */
const MERGE_FROM = 100
export const MERGED_BYTES = 8n << 20n
/** Files of one merged manifest: a reader of one stretch of time decodes one such, where a larger one would make it decode all. */
const MERGED_FILES = 1000

/** A partition that files are removed from. */
export interface RemovedPartition {
  readonly specId: number
  readonly tuple: PartitionTuple
}

/**
 * The manifests whose entries `produceSnapshot` needs: those that may hold a removed file, and those to merge.
 * `partitions`, when known, are all partitions of the removed files.
 */
export function manifestsToRead(plan: {
  readonly manifests: readonly ManifestFile[]
  readonly specs: readonly PartitionSpec[]
  readonly schema: Schema
  readonly removedPaths: ReadonlySet<string>
  readonly partitions?: readonly RemovedPartition[]
  readonly mergeFrom?: number | undefined
}): ManifestFile[] {
  const { manifests, partitions, removedPaths } = plan
  const merged = new Set(mergeGroups(manifests, plan.mergeFrom).flat())
  const mayHold = (manifest: ManifestFile) =>
    removedPaths.size > 0 &&
    hasLiveFiles(manifest) &&
    (partitions === undefined || partitions.some(partition => mayHoldPartition(manifest, partition, plan)))
  return manifests.filter(manifest => merged.has(manifest) || mayHold(manifest))
}

/** Groups of small data manifests that become one manifest each; none while there are few. */
export function mergeGroups(manifests: readonly ManifestFile[], mergeFrom = MERGE_FROM): ManifestFile[][] {
  const small = manifests.filter(isSmall)
  if (small.length < mergeFrom) return []
  const groups: ManifestFile[][] = []
  for (const specId of new Set(small.map(manifest => manifest['partition-spec-id']))) {
    groups.push(...binned(small.filter(manifest => manifest['partition-spec-id'] === specId)))
  }
  return groups.filter(group => group.length > 1)
}

/** Summaries leave the bounds out when there is no value but null. */
export function holdsOnlyNulls(summary: FieldSummary): boolean {
  const bounded = summary['lower-bound'] !== undefined || summary['upper-bound'] !== undefined
  return !bounded && summary['contains-null'] && !summary['contains-nan']
}

/** Whether a manifest is of data files and has some that are not deleted. */
export function hasLiveFiles(manifest: ManifestFile): boolean {
  return manifest.content === 'data' && liveCount(manifest) > 0
}

function binned(manifests: readonly ManifestFile[]): ManifestFile[][] {
  const groups: ManifestFile[][] = []
  let [bytes, files] = [MERGED_BYTES, MERGED_FILES]
  for (const manifest of manifests) {
    bytes += manifest['manifest-length']
    files += liveCount(manifest)
    if (bytes > MERGED_BYTES || files > MERGED_FILES) {
      groups.push([])
      ;[bytes, files] = [manifest['manifest-length'], liveCount(manifest)]
    }
    groups.at(-1)!.push(manifest)
  }
  return groups
}

function isSmall(manifest: ManifestFile): boolean {
  return hasLiveFiles(manifest) && manifest['manifest-length'] < MERGED_BYTES && liveCount(manifest) < MERGED_FILES
}

function liveCount(manifest: ManifestFile): number {
  return manifest['added-files-count'] + manifest['existing-files-count']
}

function mayHoldPartition(
  manifest: ManifestFile,
  { specId, tuple }: RemovedPartition,
  table: { readonly specs: readonly PartitionSpec[]; readonly schema: Schema },
): boolean {
  if (manifest['partition-spec-id'] !== specId) return false
  const spec = table.specs.find(one => one['spec-id'] === specId)
  if (spec === undefined) return true
  return spec.fields.every((field, index) => {
    const source = primitiveOf(table.schema, field['source-id'])
    const summary = manifest.partitions[index]
    if (source === undefined || summary === undefined) return true
    return mayHoldValue(summary, transformedType(field.transform, source), tuple[field['field-id']] ?? null)
  })
}

function mayHoldValue(summary: FieldSummary, type: PrimitiveType, value: PartitionValue): boolean {
  const bound = boundValueOf(type, value)
  if (bound === undefined) return summary['contains-null']
  if (Number.isNaN(bound)) return summary['contains-nan']
  const exact = decodeValue(type, encodeValue(type, bound))!
  if (holdsOnlyNulls(summary)) return false
  const [lower, upper] = [decoded(type, summary['lower-bound']), decoded(type, summary['upper-bound'])]
  return (
    (lower === undefined || compareValues(lower, exact) <= 0) &&
    (upper === undefined || compareValues(upper, exact) >= 0)
  )
}

function decoded(type: PrimitiveType, bytes: Buffer | undefined): ReturnType<typeof decodeValue> {
  return bytes === undefined ? undefined : decodeValue(type, bytes)
}
