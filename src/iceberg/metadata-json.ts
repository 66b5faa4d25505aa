import { SluiceError } from '../core/errors.js'
import { parseJson, printJson } from './lossless-json.js'
import { faultsOf } from './metadata-faults.js'
import { metadataShape } from './metadata-shape.js'
import { plainHistory } from './plain-history.js'
import type { Snapshot, TableMetadata } from './types.js'

/**
 * Reads table metadata v2. Ids keep all 63 bits; unknown keys are kept and printed again.
 * `file` is named in errors. Throws SLUICE_METADATA_CORRUPT for anything that a strict reader would refuse.
 */
export function parseMetadata(text: string, file: string): TableMetadata {
  const parsed = readJson(text, file)
  const history = plainHistory(parsed)
  const shaped = metadataShape.safeParse(history === undefined ? parsed : { ...(parsed as object), ...NO_HISTORY })
  if (!shaped.success) {
    const issue = shaped.error.issues[0]!
    throw corrupt(file, `${issue.path.join('.') || 'the document'}: ${issue.message}`)
  }
  const metadata = completed({ ...shaped.data, ...history } as unknown as Incomplete)
  const fault = faultsOf(metadata)[0]
  if (fault !== undefined) throw corrupt(file, fault)
  return metadata
}

/** Table metadata as JSON text; `parseMetadata` reads back an equal value. */
export function printMetadata(metadata: TableMetadata): string {
  return printJson(metadata)
}

function readJson(text: string, file: string): unknown {
  try {
    return parseJson(text)
  } catch (thrown) {
    throw corrupt(file, thrown instanceof Error ? thrown.message : String(thrown))
  }
}

const NO_HISTORY = { snapshots: [], 'snapshot-log': [], 'metadata-log': [] }

interface Incomplete extends Omit<TableMetadata, 'refs' | 'snapshots'> {
  readonly refs?: TableMetadata['refs']
  readonly snapshots: readonly (Omit<Snapshot, 'schema-id'> & { readonly 'schema-id'?: number })[]
}

/** Writers before branches left `refs` out, and early ones the schema of a snapshot. */
function completed(metadata: Incomplete): TableMetadata {
  const current = metadata['current-snapshot-id']
  const implied: TableMetadata['refs'] = current === -1n ? {} : { main: { 'snapshot-id': current, type: 'branch' } }
  const schemaId = metadata['current-schema-id']
  return {
    ...metadata,
    refs: metadata.refs ?? implied,
    snapshots: metadata.snapshots.map(own =>
      own['schema-id'] === undefined ? { ...own, 'schema-id': schemaId } : (own as Snapshot),
    ),
  }
}

function corrupt(file: string, what: string): SluiceError {
  return new SluiceError(
    'SLUICE_METADATA_CORRUPT',
    `${file} is not valid table metadata: ${what}. Nothing was changed.`,
    {
      place: { file },
    },
  )
}
