import type { Contract } from '../../contract/contract.js'
import { compileRecordDetection } from '../../contract/detectors/compile-detectors.js'
import type { DataFile } from '../../iceberg/types.js'
import { currentSchema } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { filesAddedBy, ordinalOf, partitionFiles } from '../../lake/scan.js'
import type { BatchProfile } from '../../quality/gate.js'
import { neighbourFiles } from '../../silver/neighbours.js'
import type { RunContext } from '../run-context.js'
import type { Landed } from './land-dataset.js'
import { BATCHES } from './note-batches.js'

/**
 * The figures of the contract's detectors of records by batch: the names of unknown fields of this run against those of the records that
 * bronze has had in the same partitions and the nearest ones beside them. None for the first records of a dataset.
 */
export async function profileRecords(
  contract: Contract,
  { bronze }: Landed,
  { workspace }: RunContext,
): Promise<ReadonlyMap<number, BatchProfile['checks']>> {
  const detection = compileRecordDetection(contract)
  if (detection === undefined) return new Map()
  const { lake, engines } = workspace
  const { table, snapshot } = bronze.commit
  const own = await filesAddedBy(lake, table, snapshot)
  const touched = new Set(own.map(file => ordinalOf(table, file)))
  const beside = { lake, silver: table, before: snapshot, added: [], removed: [] }
  const paths = new Set(own.map(file => file['file-path']))
  const earlier = [
    ...(await partitionFiles(lake, table, touched, snapshot)).filter(file => !paths.has(file['file-path'])),
    ...(await neighbourFiles(beside, touched, contract.partition)),
  ]
  if (earlier.length === 0) return new Map()
  const read = (files: readonly DataFile[]): Promise<string> => readFilesSql(lake, table, currentSchema(table), files)
  const known = `SELECT unnest(json_keys(_extra)) FROM (${await read(earlier)}) WHERE _extra IS NOT NULL`
  const fields = `SELECT _batch, field, field IN (${known}) AS isKnown
    FROM (SELECT DISTINCT _batch, unnest(json_keys(_extra)) AS field FROM (${await read(own)}) JOIN ${BATCHES} USING (_capture_id) WHERE _extra IS NOT NULL)`
  const rows = await engines[0]!.rows(detection.figuresSql(fields))
  return new Map(
    rows.map(row => [Number(row['_batch']), Object.fromEntries(detection.ids.map(id => [id, Number(row[id])]))]),
  )
}
