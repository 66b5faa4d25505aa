import type { Contract } from '../contract/contract.js'
import { quarantineShape, versionText } from '../contract/tables.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { ordinalSql } from '../lake/table-shape.js'
import { type FileWriter, type WrittenFile, writePartitions } from '../lake/write-files.js'
import { CONFORMED } from './conform.js'
import { DISPLACED, FATES } from './resolve-keys.js'

const ASIDE = 'work.quarantine_aside'

/** An empty working table for a dataset's quarantined rows, with the unreadable lines that landing found. */
export async function startQuarantine(
  contract: Contract,
  unreadable: string | undefined,
  engine: Engine,
): Promise<void> {
  const columns = quarantineShape(contract)
    .columns.map(column => `${quoteIdent(column.name)} ${column.sqlType}`)
    .join(', ')
  await engine.run(`CREATE OR REPLACE TABLE ${tableOf(contract)} (${columns})`)
  if (unreadable === undefined) return
  await engine.run(`INSERT INTO ${tableOf(contract)} SELECT NULL, _raw, ['unreadable'], 'waiting', _received_at, 'captured', _capture_id, _position,
    ${quoteText(versionText(contract))}, _received_at FROM ${unreadable}`)
}

/** Moves the broken and conflicting rows of the batch in the working tables to the dataset's quarantine. */
export async function keepQuarantine(contract: Contract, engine: Engine): Promise<void> {
  const time = `coalesce(${quoteIdent(contract.eventTime)}::TIMESTAMPTZ, _received_at)`
  const provenance = '_received_at, _known_basis, _capture_id, _position, _contract_version'
  await engine.run(
    `INSERT INTO ${tableOf(contract)} SELECT _record, NULL, _broken, 'waiting', ${provenance}, ${time} FROM ${CONFORMED} WHERE _broken IS NOT NULL`,
  )
  await engine.run(`INSERT INTO ${tableOf(contract)} SELECT ${typedRecordSql(contract)}, NULL, ['conflict'], 'waiting', ${provenance}, ${time}
    FROM ${CONFORMED} c JOIN ${FATES} f ON c.rowid = f._row WHERE f._fate = 'conflict'`)
  if (contract.merge.policy !== 'first') return
  await engine.run(
    `INSERT INTO ${tableOf(contract)} SELECT ${typedRecordSql(contract)}, NULL, ['conflict'], 'waiting', ${provenance}, ${time} FROM ${DISPLACED}`,
  )
}

/** Puts what the dataset's quarantine holds of some captures aside: a pass without them starts it anew. Unreadable lines stay, that pass has them too. */
export async function setAside(contract: Contract, captures: ReadonlySet<string>, engine: Engine): Promise<void> {
  const ids = [...captures].map(quoteText).join(', ')
  await engine.run(
    `CREATE OR REPLACE TABLE ${ASIDE} AS SELECT * FROM ${tableOf(contract)} WHERE _capture_id IN (${ids}) AND raw IS NULL`,
  )
}

/** Returns to the dataset's quarantine what `setAside` took. */
export async function bringBack(contract: Contract, engine: Engine): Promise<void> {
  await engine.run(`INSERT INTO ${tableOf(contract)} SELECT * FROM ${ASIDE}`)
}

/** Drops what the dataset's quarantine holds of all other captures. */
export async function keepCaptures(contract: Contract, captures: ReadonlySet<string>, engine: Engine): Promise<void> {
  const ids = [...captures].map(quoteText).join(', ')
  await engine.run(`DELETE FROM ${tableOf(contract)} WHERE _capture_id NOT IN (${ids})`)
}

/** Writes the dataset's quarantined rows, one ordered file per partition. */
export async function writeQuarantine(
  contract: Contract,
  writer: FileWriter,
  engines: readonly Engine[],
): Promise<WrittenFile[]> {
  const shape = quarantineShape(contract)
  const columns = shape.columns.map(column => quoteIdent(column.name)).join(', ')
  const order = shape.order.map(quoteIdent).join(', ')
  const ordinal = ordinalSql(shape.partition.grain, '_partition_time')
  const partitions = await engines[0]!.rows(`SELECT DISTINCT ${ordinal} AS _p FROM ${tableOf(contract)} ORDER BY _p`)
  return writePartitions(
    writer,
    engines,
    partitions.map(row => asNumber(row['_p'])),
    async at => `SELECT ${columns} FROM ${tableOf(contract)} WHERE ${ordinal} = ${at} ORDER BY ${order}`,
  )
}

function tableOf(contract: Contract): string {
  return `work.${quoteIdent(`quarantine_${contract.dataset}`)}`
}

function typedRecordSql(contract: Contract): string {
  const pairs = contract.columns
    .map(column => `${quoteText(column.name)}, ${quoteIdent(column.name)}::VARCHAR`)
    .join(', ')
  return `json_merge_patch('{}', json_object(${pairs}))::VARCHAR`
}
