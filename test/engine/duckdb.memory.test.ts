import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDuckDb } from '../../src/engine/duckdb.js'
import { errorOf } from '../support/lakes.js'

it('gives memory back without another limit than it had', async () => {
  const duckdb = await openDuckDb({ threads: 1, memoryLimit: '123MB', tempFolder: tmpdir() })
  const connection = await duckdb.connect()
  const limit = () => connection.rows(`SELECT current_setting('memory_limit') AS bytes`)
  try {
    const before = await limit()
    await connection.giveBack()
    expect(await limit()).toEqual(before)
    expect(before).toEqual([{ bytes: '117.3 MiB' }])
  } finally {
    connection.close()
    duckdb.close()
  }
})

it('says what to set when the memory does not suffice', async () => {
  const tempFolder = mkdtempSync(join(tmpdir(), 'sluice-memory-'))
  const duckdb = await openDuckDb({ threads: 1, memoryLimit: '10MB', tempFolder })
  const connection = await duckdb.connect()
  try {
    const error = await errorOf(
      connection.run('CREATE TABLE t AS SELECT list(n) AS all_of_them FROM range(5000000) AS r(n)'),
    )
    expect(error).toMatchObject({ code: 'SLUICE_MEMORY_SHORT', next: expect.stringContaining('--memory-limit') })
  } finally {
    connection.close()
    duckdb.close()
    rmSync(tempFolder, { recursive: true, force: true })
  }
})
