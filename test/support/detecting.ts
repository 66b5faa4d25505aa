import type { Contract } from '../../src/contract/contract.js'
import { loadContract } from '../../src/contract/load-contract.js'
import type { Engine } from '../../src/engine/engine.js'
import { quoteIdent, quoteText } from '../../src/engine/sql-text.js'
import { createReferences } from '../../src/pipeline/project/references.js'
import { loadSessionsOf } from '../../src/pipeline/read/calendar-sessions.js'
import { BATCH_CAPTURES, CONFORMED, conform } from '../../src/silver/conform.js'
import { detect } from '../../src/silver/detect.js'
import { noteContested } from '../../src/silver/resolve-keys.js'
import { testDuckDb } from './duckdb.js'
import { projectOf } from './projects.js'
import type { InputRow } from './records.js'

const NUMBERS = ['open', 'high', 'low', 'close', 'adjusted_close', 'volume', 'quote_volume', 'dividend', 'split']

/** A detector as a contract asks for it: its name and parameters. */
export type Asked = Readonly<Record<string, unknown>>

/** A contract of daily or finer observations that asks for some detectors; the id of each is its name. `sla` is YAML of slaProperties. */
export function observations(asked: readonly (Asked & { severity?: string })[], sla: readonly string[] = []): Contract {
  const entry = ({ severity = 'error', ...implementation }: Asked & { severity?: string }): string =>
    `      - ${JSON.stringify({ id: implementation['detector'], type: 'custom', engine: 'sluice', implementation, severity })}`
  const text = `apiVersion: v3.1.0
kind: DataContract
id: observations
version: 1.0.0
status: active
schema:
  - name: observations
    logicalType: object
    properties:
      - { name: instrument_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: event_time, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2 }
      - { name: source, logicalType: string, primaryKey: true, primaryKeyPosition: 3 }
${NUMBERS.map(name => `      - { name: ${name}, logicalType: number, physicalType: "decimal(38,18)" }`).join('\n')}
      - { name: currency, logicalType: string }
${asked.length === 0 ? '' : `    quality:\n${asked.map(entry).join('\n')}\n`}${sla.length === 0 ? '' : `slaProperties:\n${sla.map(entry => `  - ${entry}\n`).join('')}`}customProperties:
  - { property: layer, value: silver }
  - { property: eventTime, value: event_time }
  - { property: partition, value: month }
  - { property: mergePolicy, value: first }
  - { property: series, value: [instrument_id, source] }
`
  return loadContract(text, 'contracts/observations.odcs.yaml')
}

export interface Found {
  /** Broken rules by the number of the row. */
  readonly broken: ReadonlyMap<number, readonly string[]>
  readonly warned: ReadonlyMap<number, readonly string[]>
}

/** A DuckDB in which rows are conformed and looked at, as a run does, without a lake. Close it. */
export interface Detecting extends AsyncDisposable {
  readonly engine: Engine
  find(contract: Contract, rows: readonly InputRow[], published?: readonly InputRow[]): Promise<Found>
  /** The same over bronze records that SQL gives: the contract's columns as text, and `_position`. */
  findIn(contract: Contract, sql: string, published?: string): Promise<Found>
}

const INSTRUMENT_COLUMNS = [
  ['instrument_id', 'VARCHAR'],
  ['calendar', 'VARCHAR'],
  ['price_can_be_negative', 'BOOLEAN'],
] as const

/** `instruments`: id, calendar and whether its price can be negative. */
export async function openDetecting(instruments: readonly (readonly (string | null)[])[]): Promise<Detecting> {
  const engine = await testDuckDb()
  for (const schema of ['work', 'reference']) await engine.run(`CREATE SCHEMA ${schema}`)
  await engine.run(`CREATE TABLE ${BATCH_CAPTURES} AS SELECT NULL::VARCHAR AS _capture_id, false AS open WHERE false`)
  const columns = INSTRUMENT_COLUMNS.map(([name, sqlType]) => ({ name, sqlType, doc: '' }))
  await createReferences(projectOf(), [{ name: 'instruments', columns, rows: instruments }], engine)
  const findIn: Detecting['findIn'] = async (contract, sql, published) => {
    await conform(
      `SELECT *, TIMESTAMPTZ '2026-12-01' AS _known_at, 'captured' AS _known_basis, 'c' AS _capture_id FROM (${sql})`,
      contract,
      engine,
    )
    if (published !== undefined) {
      await engine.run(`CREATE OR REPLACE TABLE work.batch AS FROM ${CONFORMED}`)
      await conform(
        `SELECT *, TIMESTAMPTZ '2026-11-01' AS _known_at, 'captured' AS _known_basis, 'p' AS _capture_id FROM (${published})`,
        contract,
        engine,
      )
      await engine.run(
        `CREATE OR REPLACE TABLE work.published AS FROM ${CONFORMED}; CREATE OR REPLACE TABLE ${CONFORMED} AS FROM work.batch`,
      )
    }
    const existing = published === undefined ? undefined : 'SELECT * FROM work.published'
    await noteContested(contract, existing, engine)
    const sessions = (calendars: readonly string[]) => loadSessionsOf(calendars, engine)
    await detect(contract, { published: existing, judged: 'all', sessions }, engine)
    const rows = await engine.rows(
      `SELECT _position, _broken, _warned FROM ${CONFORMED} WHERE _broken IS NOT NULL OR _warned IS NOT NULL ORDER BY ALL`,
    )
    const of = (column: string) =>
      new Map(rows.filter(row => row[column] !== null).map(row => [Number(row['_position']), row[column] as string[]]))
    return { broken: of('_broken'), warned: of('_warned') }
  }
  return {
    engine,
    findIn,
    find: (contract, rows, published) =>
      findIn(contract, valuesSql(contract, rows), published && valuesSql(contract, published)),
    [Symbol.asyncDispose]: async () => engine.close(),
  }
}

function valuesSql(contract: Contract, rows: readonly InputRow[]): string {
  const columns = contract.columns.map(({ name }) => name)
  const text = (value: unknown): string => (value === undefined || value === null ? 'NULL' : quoteText(String(value)))
  const lines = rows.map((row, at) => `(${[...columns.map(name => text(row[name])), at].join(', ')})`)
  return `SELECT * FROM (VALUES ${lines.join(', ')}) v(${[...columns, '_position'].map(quoteIdent).join(', ')})`
}
