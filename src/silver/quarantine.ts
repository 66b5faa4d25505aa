import type { Contract } from '../contract/contract.js'
import { quarantineShape, versionText } from '../contract/tables.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
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
  await engine.run(`CREATE OR REPLACE TABLE ${rejectedTable(contract)} (${columns})`)
  if (unreadable === undefined) return
  await engine.run(`INSERT INTO ${rejectedTable(contract)} SELECT NULL, _raw, ['unreadable'], 'waiting', _received_at, 'captured', _capture_id, _position,
    ${quoteText(versionText(contract))}, _received_at, NULL FROM ${unreadable}`)
}

/** Moves the broken and conflicting rows of the batch in the working tables to the dataset's quarantine. */
export async function keepQuarantine(contract: Contract, engine: Engine): Promise<void> {
  const time = `coalesce(${quoteIdent(contract.eventTime)}::TIMESTAMPTZ, _received_at)`
  const provenance = '_received_at, _known_basis, _capture_id, _position, _contract_version'
  await engine.run(
    `INSERT INTO ${rejectedTable(contract)} SELECT _record, NULL, _broken, 'waiting', ${provenance}, ${time}, NULL FROM ${CONFORMED} WHERE _broken IS NOT NULL`,
  )
  await engine.run(`INSERT INTO ${rejectedTable(contract)} SELECT ${typedRecordSql(contract)}, NULL, ['conflict'], 'waiting', ${provenance}, ${time}, NULL
    FROM ${CONFORMED} c JOIN ${FATES} f ON c.rowid = f._row WHERE f._fate = 'conflict'`)
  await engine.run(`INSERT INTO ${rejectedTable(contract)} SELECT ${typedRecordSql(contract)}, NULL, ['conflict'], 'waiting',
    _known_at, _known_basis, _capture_id, _position, _contract_version, ${quoteIdent(contract.eventTime)}::TIMESTAMPTZ, NULL FROM ${DISPLACED} WHERE _fate = 'conflict'`)
}

/** Puts what the dataset's quarantine holds of some captures aside: a pass without them starts it anew. Unreadable lines stay, that pass has them too. */
export async function setAside(contract: Contract, captures: ReadonlySet<string>, engine: Engine): Promise<void> {
  const ids = [...captures].map(quoteText).join(', ')
  await engine.run(
    `CREATE OR REPLACE TABLE ${ASIDE} AS SELECT * FROM ${rejectedTable(contract)} WHERE _capture_id IN (${ids}) AND raw IS NULL`,
  )
}

/** Returns to the dataset's quarantine what `setAside` took. */
export async function bringBack(contract: Contract, engine: Engine): Promise<void> {
  await engine.run(`INSERT INTO ${rejectedTable(contract)} SELECT * FROM ${ASIDE}`)
}

/** Drops what the dataset's quarantine holds of all other captures. */
export async function keepCaptures(contract: Contract, captures: ReadonlySet<string>, engine: Engine): Promise<void> {
  const ids = [...captures].map(quoteText).join(', ')
  await engine.run(`DELETE FROM ${rejectedTable(contract)} WHERE _capture_id NOT IN (${ids})`)
}

/** The working table of a dataset's quarantined rows. */
export function rejectedTable(contract: Contract): string {
  return `work.${quoteIdent(`quarantine_${contract.dataset}`)}`
}

/** SQL of a conformed row as a record: its values as the contract read them. */
export function typedRecordSql(contract: Contract): string {
  const pairs = contract.columns
    .map(column => `${quoteText(column.name)}, ${quoteIdent(column.name)}::VARCHAR`)
    .join(', ')
  return `json_merge_patch('{}', json_object(${pairs}))::VARCHAR`
}
