import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DuckDb, type DuckDbConnection, openDuckDb } from '../../src/engine/duckdb.js'
import { guardPipes } from '../../src/pipeline/pipes/guard-pipes.js'
import { resolvePipes } from '../../src/pipeline/pipes/resolve-pipes.js'
import { pipesOf, projectOf } from '../support/projects.js'

let db: DuckDb
let engine: DuckDbConnection

beforeAll(async () => {
  db = await openDuckDb({ threads: 1, memoryLimit: '256MB', tempFolder: '' })
  engine = await db.connect()
})

afterAll(() => {
  engine.close()
  db.close()
})

const guard = async (sql: string, params: Record<string, string> = {}) => {
  const [pipe] = pipesOf('name: a, params: { ccy: USD }')
  const project = projectOf({ pipes: [{ ...pipe!, map: { close: sql } }] })
  const pipes = await resolvePipes(project, { select: ['a'], params, input: [] })
  return guardPipes(pipes, text => engine.parse(text))
}

describe('guardPipes', () => {
  it.each(['close * 2', `regexp_extract(filename, '([A-Z]+)-1m', 1)`, 'coalesce(a, {ccy})', `{'a': x}.a`])(
    'lets %s pass',
    async sql => {
      await expect(guard(sql)).resolves.toBeUndefined()
    },
  )

  it.each([
    ['two expressions', 'a, b'],
    ['a subquery', '(SELECT 1)'],
    ['a file', `read_text('/etc/passwd')`],
    ['a second statement', '1; DROP TABLE x'],
    ['a bracket that closes over the rest', '1) FROM x --'],
    ['the clock', 'now()'],
    ['chance', 'random()'],
    ['nothing', '/* */'],
  ])('refuses %s', async (_, sql) => {
    await expect(guard(sql)).rejects.toMatchObject({ code: 'SLUICE_SQL_REFUSED' })
  })

  it('lets no parameter out of its quotes', async () => {
    await expect(guard('{ccy}', { ccy: `'; DROP TABLE x; --` })).resolves.toBeUndefined()
  })
})
