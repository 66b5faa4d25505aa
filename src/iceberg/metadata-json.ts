import { SluiceError } from '../core/errors.js'
import { parseJson, printJson } from './lossless-json.js'
import { faultsOf } from './metadata-faults.js'
import { metadataShape } from './metadata-shape.js'
import type { TableMetadata } from './types.js'

/**
 * Reads table metadata v2. Ids keep all 63 bits; unknown keys are kept and printed again.
 * `file` is named in errors. Throws SLUICE_METADATA_CORRUPT for anything that a strict reader would refuse.
 */
export function parseMetadata(text: string, file: string): TableMetadata {
  const shaped = metadataShape.safeParse(readJson(text, file))
  if (!shaped.success) {
    const issue = shaped.error.issues[0]!
    throw corrupt(file, `${issue.path.join('.') || 'the document'}: ${issue.message}`)
  }
  const metadata = completed(shaped.data as unknown as TableMetadata & { refs?: TableMetadata['refs'] })
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

/** Writers before branches left `refs` out, and early ones the schema of a snapshot. */
function completed(metadata: TableMetadata & { refs?: TableMetadata['refs'] }): TableMetadata {
  const current = metadata['current-snapshot-id']
  const implied: TableMetadata['refs'] = current === -1n ? {} : { main: { 'snapshot-id': current, type: 'branch' } }
  return {
    ...metadata,
    refs: metadata.refs ?? implied,
    snapshots: metadata.snapshots.map(snapshot => ({
      ...snapshot,
      'schema-id': snapshot['schema-id'] ?? metadata['current-schema-id'],
    })),
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
