import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openLake } from '../../src/index.js'
import { blocksOf } from '../docs/markdown.js'
import { findPython } from './python.js'

const python = findPython(['pyiceberg', 'polars', 'duckdb', 'duckdb_extensions', 'duckdb_extension_iceberg'])
if (python === undefined) {
  console.warn(
    'INTEROP NOT RUN: no python3 with PyIceberg, Polars and DuckDB, so the snippets of README.md have not been run',
  )
}

/** DuckDB's extensions come as packages here: `INSTALL` then finds them without a network. */
const DUCKDB = `
import duckdb
from duckdb_extensions import import_extension
connection = duckdb.connect()
for extension in ("avro", "iceberg"):
    import_extension(extension, con=connection)
print(connection.sql(SQL))
`

describe.skipIf(python === undefined)('the snippets of README.md on the sample lake', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-readme-'))
  beforeAll(() => symlinkSync(inject('sampleProject'), join(folder, 'demo')))
  afterAll(() => rmSync(folder, { recursive: true }))

  const snippet = (name: string): string => {
    const found = blocksOf('README.md').filter(block => block.mark === 'tested' && block.argument === name)
    expect(found).toHaveLength(1)
    return found[0]!.text
  }

  const ourCount = async (from: string): Promise<number> => {
    const lake = await openLake({ folder: inject('sampleProject') })
    const { rows } = await lake.query(`SELECT count(*) AS rows FROM ${from}`)
    return Number(rows[0]!['rows'])
  }

  it('open it from DuckDB', () => {
    const printed = python!.code(`SQL = ${JSON.stringify(snippet('duckdb'))}\n${DUCKDB}`, folder)
    expect(printed.match(/2025-12-31/g)).toHaveLength(8)
  })

  it('open it from Polars', async () => {
    const rows = await ourCount("gold.risk_summary WHERE instrument_id = 'fx:nbp:USDPLN'")
    expect(python!.code(snippet('polars'), folder)).toContain(`shape: (${rows}, 3)`)
  })

  it('open it from PyIceberg, now and as of its first snapshot', async () => {
    const printed = python!.code(snippet('pyiceberg'), folder)
    const rows = await ourCount("silver.bars WHERE event_time >= '2025-12-01T00:00:00+00:00'")
    expect(printed.split('\n')[0]).toBe(String(rows))
    expect(printed).toContain('instrument_id: string')
  })
})
