import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FileReader, filesSql, isReadablePath } from '../../src/engine/file-sql.js'
import { quoteText } from '../../src/engine/sql-text.js'
import { type DuckDbConnection, testDuckDb } from '../support/duckdb.js'

/** Names that are patterns for other names here, and names that want quoting. */
const NAMES = ['t[1]', 't1', 'a*', 'ab', 'a?', '**', '[!a]', '[', ']x[', '[]]', '[a-z]', "q'[1]", 'q"1', 'ž[é]', 'ž*']
const MORE = ['{a,b}', '%5b', '~t', '#?a=1', ' .', '.h[1]', 'new\nline', 'n=1']
/** Each looks like a pattern for its neighbour, or like a partition of it. */
const FOLDERS = ['pj*', 'pj2', 'pj[2]', 'name=other', '.h?']

let folder: string
let duckdb: DuckDbConnection
let paths: string[]
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-paths-'))
  for (const below of FOLDERS) mkdirSync(join(folder, below))
  paths = FOLDERS.flatMap(below => [...NAMES, ...MORE].map(name => join(folder, below, name)))
  for (const path of paths) writeFileSync(path, `${JSON.stringify({ name: path })}\n`)
  duckdb = await testDuckDb()
})
afterAll(() => {
  duckdb.close()
  rmSync(folder, { recursive: true, force: true })
})

const OPTIONS: readonly (readonly [reader: FileReader, column: string, options: readonly string[]])[] = [
  [
    'read_csv',
    `json_extract_string(line, 'name')`,
    [`columns = {'line': 'VARCHAR'}`, `delim = '\u0001'`, `quote = ''`],
  ],
  ['read_json_objects', `json_extract_string(json, 'name')`, [`format = 'newline_delimited'`]],
  ['read_json_auto', 'name', []],
]

describe('files that are read by SQL', () => {
  it.each(OPTIONS)(
    'are those that were named and no others, with their own names: %s',
    async (reader, name, options) => {
      const all = [...options, 'filename = true', ...(reader === 'read_csv' ? ['auto_detect = false'] : [])]
      for (const path of paths)
        expect(await duckdb.rows(`SELECT filename, ${name} AS name FROM ${filesSql(reader, [path], all)}`)).toEqual([
          { filename: path, name: path },
        ])
      const rows = await duckdb.rows(`SELECT filename FROM ${filesSql(reader, paths, all)} ORDER BY filename`)
      expect(rows.map(row => row['filename']).sort()).toEqual([...paths].sort())
    },
  )

  it('keep their own columns in a folder that is named like a partition', async () => {
    const path = join(folder, 'name=other', 'own[1].parquet')
    await duckdb.run(`COPY (SELECT 'own' AS name) TO ${quoteText(path)} (FORMAT parquet)`)
    const read = filesSql('read_parquet', [path], ['filename = true', 'file_row_number = true'])
    expect(await duckdb.rows(`SELECT * FROM ${read}`)).toEqual([{ name: 'own', filename: path, file_row_number: '0' }])
  })

  it('are found behind a backslash, which is no separator here', async () => {
    const path = join(folder, 'a\\b.ndjson')
    writeFileSync(path, '{"name":"x"}\n')
    expect(await duckdb.rows(`SELECT name FROM ${filesSql('read_json_auto', [path])}`)).toEqual([{ name: 'x' }])
  })

  it('are refused where DuckDB would look for others', () => {
    const path = join(folder, 'a\\[1].ndjson')
    expect(isReadablePath(path)).toBe(false)
    expect(() => filesSql('read_json_auto', [path])).toThrow(
      expect.objectContaining({ code: 'SLUICE_ARGUMENT_INVALID' }),
    )
  })
})
