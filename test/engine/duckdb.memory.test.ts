import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDuckDb } from '../../src/engine/duckdb.js'
import { errorOf } from '../support/lakes.js'

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
