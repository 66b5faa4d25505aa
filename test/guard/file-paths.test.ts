import { describe, expect, it } from 'vitest'
import { filesBelow, type TextFile } from './repository.js'

/** DuckDB takes the path in `read_…('path')` or `FROM 'path'` for a pattern, and `key=value` in it for a column. */
const READER = /\b(read_(csv|json|ndjson|parquet|text|blob)\w*|parquet_\w+|sniff_csv|glob)\s*\(|\bFROM '/
const OWNER = 'src/engine/file-sql.ts'

describe('paths in SQL', () => {
  it('go through filesSql', () => {
    expect(
      filesBelow('src', '.ts')
        .filter(file => file.path !== OWNER)
        .flatMap(readersIn),
    ).toEqual([])
  })

  it.each([
    "const sql = `SELECT * FROM read_parquet('a')`",
    `const sql = "SELECT * FROM read_csv_auto('x')"`,
    'const sql = `FROM read_json_objects ([list])`',
    "const sql = `SELECT * FROM 'file.csv'`",
  ])('are caught in `%s`', text => {
    expect(readersIn({ path: 'src/lake/x.ts', text })).toHaveLength(1)
  })

  it.each([`const sql = filesSql('read_parquet', [path])`, '// read_parquet(path) is not called here'])(
    'are not seen in `%s`',
    text => {
      expect(readersIn({ path: 'src/lake/x.ts', text })).toEqual([])
    },
  )
})

function readersIn(file: TextFile): string[] {
  return file.text
    .split('\n')
    .map((line, at) => ({ line, place: `${file.path}:${at + 1}` }))
    .filter(({ line }) => !/^\s*(\/\/|\/?\*)/.test(line) && READER.test(line))
    .map(({ place }) => `${place} gives DuckDB a path: use filesSql`)
}
