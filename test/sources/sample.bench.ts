import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDbConnection, openDuckDb } from '../../src/engine/duckdb.js'
import type { SqlRow } from '../../src/engine/engine.js'
import { type SampleKind, sampleCopySql, sampleInterval, sampleSql } from '../../src/sources/sample/sample.js'
import type { SampleOptions } from '../../src/sources/sample/sample-options.js'

/** The sample over a real DuckDB and a real folder, for the tests of the sample source. */
export interface SampleBench {
  /** The bytes of a body, without a part that is asked for: the default interval and seed 1. */
  body(kind: SampleKind, options?: Partial<SampleOptions>): Promise<Buffer>
  /** Rows of `sql`, in which `lines` is the default body: `line` (text) and `record` (JSON, NULL where the line is none). */
  query(kind: SampleKind, sql: string): Promise<SqlRow[]>
  close(): void
}

export async function openSampleBench(threads: number): Promise<SampleBench> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sample-'))
  const db = await openDuckDb({ threads, memoryLimit: '1GB', tempFolder: join(folder, 'spill') })
  const connection = await db.connect()
  return {
    body: (kind, options = {}) => copyOut(connection, join(folder, 'body.ndjson'), kind, options),
    query: async (kind, sql) => {
      await connection.run(`CREATE TABLE IF NOT EXISTS ${kind}_lines AS
        SELECT line, CASE WHEN json_valid(line) THEN line::JSON END AS record
        FROM (${sampleSql(kind, completed(kind, {}))})`)
      await connection.run(`CREATE OR REPLACE VIEW lines AS FROM ${kind}_lines`)
      return connection.rows(sql)
    },
    close: () => {
      connection.close()
      db.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function completed(kind: SampleKind, options: Partial<SampleOptions>): SampleOptions {
  return { seed: 1, ...sampleInterval(kind), ...options }
}

async function copyOut(
  connection: DuckDbConnection,
  file: string,
  kind: SampleKind,
  options: Partial<SampleOptions>,
): Promise<Buffer> {
  await connection.run(sampleCopySql(kind, completed(kind, options), file))
  return readFileSync(file)
}
