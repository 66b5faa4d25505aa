import { expect, test } from 'vitest'
import type { Engine } from '../../src/engine/engine.js'
import { enginePool } from '../../src/lake/engine-pool.js'
import { testDuckDb } from '../support/duckdb.js'

test('a connection does one piece of work at a time, and those who wait get it in order', async () => {
  const engine = await testDuckDb()
  await engine.run('CREATE TABLE steps (place INTEGER, step VARCHAR)')
  const pool = enginePool([engine])
  await Promise.all(
    [1, 2, 3].map(at =>
      pool.use(async lent => {
        await lent.run(`INSERT INTO steps VALUES (${at}, 'begin')`)
        await lent.run(`INSERT INTO steps VALUES (${at}, 'end')`)
      }),
    ),
  )
  const rows = await engine.rows('SELECT place, step FROM steps ORDER BY rowid')
  expect(rows.map(({ place, step }) => `${place} ${step}`)).toEqual([
    '1 begin',
    '1 end',
    '2 begin',
    '2 end',
    '3 begin',
    '3 end',
  ])
})

test('a connection whose work failed is lent again', async () => {
  const pool = enginePool([await testDuckDb()])
  await expect(pool.use(engine => engine.run('SELECT broken'))).rejects.toThrow()
  const used: Engine[] = []
  await pool.use(async engine => void used.push(engine))
  expect(used).toHaveLength(1)
})
