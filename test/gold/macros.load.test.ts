import { describe, expect, test } from 'vitest'
import type { SluiceError } from '../../src/core/errors.js'
import { loadMacros, macrosHash, orderMacros } from '../../src/gold/macros.js'

describe('loadMacros', () => {
  test('reads one macro per statement and keeps semicolons in texts, names and comments', () => {
    const text = `-- first; with care
CREATE OR REPLACE MACRO one(a) AS a || ';' || 'it''s;'; /* ; */
  CREATE OR REPLACE MACRO Two() AS
    -- why;
    1`
    expect(loadMacros(text, 'f.sql')).toEqual([
      {
        name: 'one',
        parameters: 'a',
        statement: "CREATE OR REPLACE MACRO one(a) AS a || ';' || 'it''s;'",
        sql: "a || ';' || 'it''s;'",
        sqlPlace: { file: 'f.sql', line: 2, column: 35 },
      },
      {
        name: 'two',
        parameters: '',
        statement: 'CREATE OR REPLACE MACRO Two() AS\n    -- why;\n    1',
        sql: '-- why;\n    1',
        sqlPlace: { file: 'f.sql', line: 4, column: 5 },
      },
    ])
  })

  test('is empty for a file of comments', () => {
    expect(loadMacros('/* nothing */ -- yet', 'f.sql')).toEqual([])
  })

  test('refuses any other statement with its place', () => {
    for (const statement of ['DROP TABLE x', 'SELECT 1', 'CREATE OR REPLACE MACRO t() AS TABLE SELECT 1', "'x'", 'x']) {
      let place: string | undefined
      try {
        loadMacros(`CREATE OR REPLACE MACRO a() AS 1;\n  ${statement}; `, 'f.sql')
      } catch (thrown) {
        place = (thrown as SluiceError).place
      }
      expect(place, statement).toBe('f.sql:2:3')
    }
  })

  test('hashes the formulas, not their order or comments between them', () => {
    const [a, b] = ['CREATE OR REPLACE MACRO a() AS 1;', 'CREATE OR REPLACE MACRO b() AS 2;']
    const hash = macrosHash(loadMacros(a + b, 'f.sql'))
    expect(macrosHash(loadMacros(`${b} -- moved\n${a}`, 'f.sql'))).toBe(hash)
    expect(macrosHash(loadMacros(a + b.replace('2', '3'), 'f.sql'))).not.toBe(hash)
  })
})

describe('orderMacros', () => {
  const named = (sql: string) => orderMacros(loadMacros(sql, 'f.sql')).map(({ name }) => name)

  test('puts each macro after those that it calls', () => {
    expect(
      named(`CREATE OR REPLACE MACRO a(x) AS b(x) + c(x); CREATE OR REPLACE MACRO b(x) AS c(x);
        CREATE OR REPLACE MACRO c(x) AS x; CREATE OR REPLACE MACRO d(x) AS x`),
    ).toEqual(['c', 'd', 'b', 'a'])
  })

  test('leaves a circle for the engine to name', () => {
    expect(named('CREATE OR REPLACE MACRO a(x) AS b(x); CREATE OR REPLACE MACRO b(x) AS a(x)')).toEqual(['a', 'b'])
  })
})
