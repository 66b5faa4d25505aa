import type { Contract } from '../contract/contract.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { decodeValue } from '../iceberg/bounds.js'
import type { DataFile } from '../iceberg/types.js'
import type { LoadedTable } from '../lake/catalog.js'
import type { Lake } from '../lake/lake.js'
import { currentSchema } from '../lake/open-table.js'
import { readFilesSql } from '../lake/read-sql.js'
import { CONFORMED, IS_GOOD } from './conform.js'

/** The captures that this run has received, and when. */
export const OWN = 'work.own_captures'

/** What the records of earlier runs say about bronze files. */
export interface Earlier {
  /** Captures whose pipes bring instruments of their own. */
  readonly openCaptures: readonly string[]
  /** Captures of a file whose records do not count: they are held, or their run is not finished. */
  withheld(file: DataFile): readonly string[] | 'all'
  /** SQL for all rows of the dataset's quarantine. */
  readonly quarantine: string
}

/** Bronze records to conform together, in a table: those of this run and those of earlier ones. */
export interface Evidence {
  readonly lake: Lake
  readonly bronze: LoadedTable
  readonly own: readonly DataFile[]
  readonly earlier: readonly DataFile[]
  /** Captures of this run that are held back. */
  readonly held: readonly string[]
}

/** SQL for the records of this run alone. */
export async function ownSql({ lake, bronze, own, held }: Omit<Evidence, 'earlier'>): Promise<string> {
  return without(await readFilesSql(lake, bronze, currentSchema(bronze), own), held)
}

/** SQL for all records; a record that was received twice at one moment counts once. Needs what `noteOwn` notes. */
export async function allSql(evidence: Evidence, { withheld }: Pick<Earlier, 'withheld'>): Promise<string> {
  const { lake, bronze, earlier } = evidence
  const read = (files: readonly DataFile[]): Promise<string> => readFilesSql(lake, bronze, currentSchema(bronze), files)
  const clean = earlier.filter(file => withheld(file).length === 0)
  const parts = [await read(clean)]
  for (const file of earlier) {
    const captures = withheld(file)
    if (captures !== 'all' && captures.length > 0) parts.push(without(await read([file]), captures))
  }
  const past = parts.map(part => `(${part})`).join(' UNION ALL ')
  return `SELECT * FROM (${await ownSql(evidence)}) UNION ALL
    SELECT * FROM (${past}) WHERE (_capture_id, _known_at) NOT IN (SELECT (_capture_id, _received_at) FROM ${OWN})
    QUALIFY row_number() OVER (PARTITION BY _capture_id, _position, _known_at) = 1`
}

/** Notes which captures this run has received, and when. */
export async function noteOwn(evidence: Evidence, engine: Engine): Promise<void> {
  await engine.run(`CREATE OR REPLACE TABLE ${OWN} AS
    SELECT DISTINCT _capture_id, _known_at AS _received_at FROM (${await ownSql(evidence)})`)
}

/**
 * Marks the conformed rows of this run in `_own`. For a merge (`receipts`), earlier rows stay where a good row of this run has their key,
 * and a capture that came before counts as earlier then; else (`captures`) all rows stay, and a capture of this run is its own whenever it came.
 */
export async function markOwn(contract: Contract, by: 'receipts' | 'captures', engine: Engine): Promise<void> {
  const own =
    by === 'captures'
      ? `_capture_id IN (SELECT _capture_id FROM ${OWN})`
      : `(_capture_id, _received_at) IN (SELECT (_capture_id, _received_at) FROM ${OWN})`
  await engine.run(`CREATE OR REPLACE TABLE ${CONFORMED} AS SELECT *, ${own} AS _own FROM ${CONFORMED}`)
  if (by === 'captures') return
  const key = contract.primaryKey.map(quoteIdent).join(', ')
  await engine.run(`CREATE OR REPLACE TABLE ${CONFORMED} AS SELECT * FROM ${CONFORMED}
    WHERE _own OR (${IS_GOOD} AND (${key}) IN (SELECT (${key}) FROM ${CONFORMED} WHERE _own AND ${IS_GOOD}))`)
}

/** Whether a file may hold a record that was received when, or after, the first of the run's own was. By the files' bounds alone. */
export function cameLater(bronze: LoadedTable, own: readonly DataFile[]): (file: DataFile) => boolean {
  const id = currentSchema(bronze).fields.find(field => field.name === '_known_at')?.id
  const bound = (file: DataFile, side: 'lower-bounds' | 'upper-bounds'): bigint | undefined => {
    const bytes = id === undefined ? undefined : file[side]?.get(id)
    return bytes === undefined ? undefined : (decodeValue('timestamptz', bytes) as bigint | undefined)
  }
  const firsts = own.map(file => bound(file, 'lower-bounds'))
  return file => {
    const last = bound(file, 'upper-bounds')
    return last === undefined || firsts.some(first => first === undefined || last >= first)
  }
}

function without(rows: string, captures: readonly string[]): string {
  if (captures.length === 0) return rows
  return `SELECT * FROM (${rows}) WHERE _capture_id NOT IN (${captures.map(quoteText).join(', ')})`
}
