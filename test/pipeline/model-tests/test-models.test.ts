import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/run-program.js'
import { testModels } from '../../../src/pipeline/model-tests/test-models.js'
import { loadProject } from '../../../src/pipeline/project/load-project.js'
import { fakeTerminal } from '../../support/fake-terminal.js'
import { errorOf, type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { CARRIED_CONTRACT, CARRIED_SQL } from '../../support/own-model.js'

/** A model over versions, a reference table and doubles. */
const RATES_SQL = `/*---
table: newest_rates
grain: one row per pair
partition: date
lookback: P0D
description: Rates with the name of their currency.
---*/
SELECT r.instrument_id, r.event_time::DATE AS date, c.name AS currency_name, r.mid::DOUBLE / 3 AS third, r._known_at
FROM silver.fx_rates r LEFT JOIN reference.currency_names c ON c.code = r.base_currency
`
const RATES_CONTRACT = CARRIED_CONTRACT.replaceAll('carried_closes', 'newest_rates')
  .replace(
    / {6}- \{ name: close.*\n.*age.*\n/,
    '      - { name: currency_name, logicalType: string }\n      - { name: third, logicalType: number, physicalType: double }\n',
  )
  .replace('close < 1000', 'third > 0')

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
  await put('models/gold/carried_closes.sql', CARRIED_SQL)
  await put('contracts/carried_closes.odcs.yaml', CARRIED_CONTRACT)
  await put('models/gold/newest_rates.sql', RATES_SQL)
  await put('contracts/newest_rates.odcs.yaml', RATES_CONTRACT)
  await put('currency_names.csv', 'code,name\nUSD,dollar\n')
  await rm(join(folder.folder, 'tests'), { recursive: true })
})
afterEach(() => rm(join(folder.folder, 'tests'), { recursive: true, force: true }))
afterAll(() => folder.remove())

async function put(name: string, text: string): Promise<void> {
  const path = join(folder.folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

const BAR = '{ instrument_id: x, bar_interval: 1d, event_time: 2026-01-05, close: 100 }'

/** A test of carried_closes, as YAML below `tests:`. */
const carried = (expected: string, more = '', given = `      silver.bars:\n        - ${BAR}`) =>
  `tests:\n  - name: one\n    model: carried_closes\n    given:\n${given}\n${more}    expect:\n${expected}`

async function outcomesOf(...files: readonly string[]) {
  for (const [at, text] of files.entries()) await put(`tests/file-${at}.yaml`, text)
  return testModels(await loadProject({ folder: folder.folder }))
}
const oneOf = async (text: string) => (await outcomesOf(text))[0]!

const ALL = `      - { date: 2026-01-08, age: 3 }
      - { date: 2026-01-05, age: 0 }
      - { date: 2026-01-07, age: 2 }
      - { date: 2026-01-06, age: 1 }
`

describe('a test of a model', () => {
  it('passes when the rows are those that are expected, in any order and by some columns', async () => {
    const outcome = await oneOf(carried(ALL))
    expect(outcome).toEqual({
      name: 'one',
      model: 'gold.carried_closes',
      place: { file: 'tests/file-0.yaml', line: 2, column: 5 },
      outcome: 'passed',
      differences: [],
      count: 0,
    })
  })

  it('fails with the row that differs, the one that is not there and the one that nobody expects', async () => {
    const expected = ALL.replace('date: 2026-01-08', 'date: 2027-01-08').replace('age: 1', 'age: 7')
    const keyed = expected.replaceAll('{ date', '{ instrument_id: x, date')
    const { outcome, differences, count } = await oneOf(carried(keyed))
    expect([outcome, count]).toEqual(['failed', 3])
    expect(differences).toEqual([
      {
        kind: 'missing',
        place: { file: 'tests/file-0.yaml', line: 8, column: 9 },
        row: { instrument_id: 'x', date: '2027-01-08', age: '3' },
      },
      {
        kind: 'different',
        place: { file: 'tests/file-0.yaml', line: 11, column: 9 },
        row: { instrument_id: 'x', date: '2026-01-06' },
        columns: [{ column: 'age', expected: '7', found: '1' }],
      },
      { kind: 'unexpected', row: { instrument_id: 'x', date: '2026-01-08', age: '3' } },
    ])
  })

  it('counts rows that are alike: two are not one', async () => {
    const same = (times: number) => `${'      - { close: 100 }\n'.repeat(times)}`
    expect((await oneOf(carried(same(4)))).outcome).toBe('passed')
    expect(await oneOf(carried(same(3)))).toMatchObject({ count: 1, differences: [{ kind: 'unexpected' }] })
    expect(await oneOf(carried(same(5)))).toMatchObject({ count: 1, differences: [{ kind: 'missing' }] })
  })

  it('compares only rows for which `where` holds', async () => {
    const expected = '      - { date: 2026-01-08 }\n'
    expect((await oneOf(carried(expected, '    where: age = 3\n'))).outcome).toBe('passed')
    expect((await oneOf(carried('      []\n', '    where: age > 3\n'))).outcome).toBe('passed')
    expect(await oneOf(carried('      []\n'))).toMatchObject({ count: 4 })
  })

  it('sees the newest version that was known, the reference rows that it gives, and doubles within the tolerance', async () => {
    const rate = (mid: string, known: string) =>
      `        - { instrument_id: a, fixing: f, event_time: 2026-01-05, base_currency: USD, mid: ${mid}, _known_at: ${known} }\n`
    const test = (name: string, more: string, third: string, currency = 'dollar') => `  - name: ${name}
    model: newest_rates
    given:
      silver.fx_rates:
${rate('4', '2026-01-05T12:00:00Z')}${rate('5', '2026-01-07T12:00:00Z')}${more}    expect:
      - { third: ${third}, currency_name: ${currency} }
`
    const outcomes = await outcomesOf(
      `tests:\n${test('now', '', '1.6666666667')}${test('then', '    as_known_at: 2026-01-06\n', '1.3333333333')}${test(
        'named',
        '    reference:\n      currency_names:\n        - { code: USD, name: greenback }\n',
        '1.6666666667',
        'greenback',
      )}${test('named by the project again', '    tolerance: 0.01\n', '1.67')}${test('strictly', '', '1.67')}`,
    )
    const told = outcomes.map(({ name, outcome }) => `${name} ${outcome}`)
    expect(told).toEqual([
      'now passed',
      'then passed',
      'named passed',
      'named by the project again passed',
      'strictly failed',
    ])
    expect(outcomes[4]!.differences).toEqual([
      {
        kind: 'different',
        place: expect.objectContaining({ file: 'tests/file-0.yaml' }),
        row: { currency_name: 'dollar' },
        columns: [{ column: 'third', expected: '1.67', found: '1.6666666666666667' }],
      },
    ])
  })

  it('runs the models between what is given and what is expected, or takes their tables as given', async () => {
    const test = (name: string, given: string) =>
      `  - name: ${name}\n    model: risk_summary\n    given:\n${given}    where: date = '2026-01-06'\n    expect:\n      - { return_1d: 0.25 }\n`
    const bars = [
      ['2026-01-05', 8],
      ['2026-01-06', 10],
    ].map(
      ([day, close]) =>
        `        - { instrument_id: x, bar_interval: 1d, event_time: ${day}, close: ${close}, currency: USD }\n`,
    )
    const figures =
      '      gold.risk_metrics:\n        - { instrument_id: x, date: 2026-01-06, metric: return_1d, window_observations: 1, value: 0.25 }\n'
    const closes = `      silver.bars:\n${bars.join('')}`
    const outcomes = await outcomesOf(`tests:\n${test('all', closes)}${test('part', `${closes}${figures}`)}`)
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['passed', 'passed'])
  })

  it('fails when the SQL does, in the words of the engine', async () => {
    await put(
      'models/gold/carried_closes.sql',
      CARRIED_SQL.replace(
        'close, min(age)',
        `CASE WHEN true THEN error('no close') ELSE 1 END AS close, min(age)`,
      ).replace('arg_min(close, age) AS CASE', 'CASE'),
    )
    try {
      expect(await oneOf(carried(ALL))).toMatchObject({ outcome: 'failed', fault: expect.stringContaining('no close') })
    } finally {
      await put('models/gold/carried_closes.sql', CARRIED_SQL)
    }
  })
})

describe('a test that says something wrong', () => {
  const given = (row: string, table = 'silver.bars') => `      ${table}:\n        - ${row}`
  it.each([
    [
      'an unknown model',
      carried(ALL).replace('model: carried_closes', 'model: caried_closes'),
      /"carried_closes"/,
      3,
      5,
    ],
    ['an unknown table', carried(ALL, '', given(BAR, 'silver.barz')), /no table silver\.barz.*silver\.bars/, 5, 7],
    [
      'a table that nothing reads',
      carried(ALL, '', `      silver.bars: []\n${given('{ event_id: a }', 'silver.market_events')}`),
      /reads silver\.market_events/,
      6,
      7,
    ],
    ['an unknown column', carried(ALL, '', given('{ instrument_id: x, closs: 1 }')), /no column closs.*"close"/, 6, 31],
    [
      'a value of another type',
      carried(ALL, '', given('{ instrument_id: x, close: abc }')),
      /`close`: "abc" is no DECIMAL/,
      6,
      31,
    ],
    [
      'a number that lost digits',
      carried(ALL, '', given('{ instrument_id: x, close: 1.234567890123456789 }')),
      /has to stand in quotes/,
      6,
      31,
    ],
    ['a row that is there twice', carried(ALL, '', `${given(BAR)}\n        - ${BAR}`), /is there twice/, 7, 11],
    ['expected rows of other columns', carried(`${ALL}      - { date: 2026-01-05 }\n`), /`age` stands in some/, 12, 9],
    ['an expected column that is not there', carried('      - { dat: 2026-01-05 }\n'), /no column dat/, 8, 11],
    ['an expected value of another type', carried('      - { age: old }\n'), /"old" is no BIGINT/, 8, 11],
    ['a time that is none', carried(ALL, '    as_known_at: soon\n'), /is no time/, 7, 5],
    ['a filter that is no expression', carried(ALL, '    where: age >\n'), /`where` cannot be used/, 7, 5],
    ['a filter with an unknown column', carried(ALL, '    where: agee = 1\n'), /`where` cannot be used.*agee/, 7, 5],
    ['an unknown reference table', carried(ALL, '    reference:\n      instrumentz: []\n'), /"instruments"/, 8, 7],
    [
      'the table of the model itself as given',
      carried(ALL, '', given('{ age: 1 }', 'gold.carried_closes')),
      /cannot be given/,
      5,
      7,
    ],
    ['an unknown key', carried(ALL, '    expects: 1\n'), /unknown key `expects`/, 7, 5],
    ['nothing', '', /tests/, 1, 1],
    [
      'a name that another test has',
      `${carried(ALL)}  - { name: one, model: carried_closes, expect: [] }\n`,
      /"one" stands at tests\/file-0\.yaml:2:5 already/,
      12,
      7,
    ],
  ])('is refused with its place: %s', async (_, text, words, line, column) => {
    const error = await errorOf(outcomesOf(text))
    expect(error).toMatchObject({ code: 'SLUICE_TEST_INVALID', message: expect.stringMatching(words) })
    expect(error.place).toMatchObject({ file: 'tests/file-0.yaml', line })
    expect(error.place).toMatchObject({ column })
  })
})

describe('sluice test', () => {
  async function sluice(...args: readonly string[]) {
    const terminal = fakeTerminal({ folder: folder.folder })
    return { exit: await runProgram(['test', ...args], terminal), out: terminal.out(), err: terminal.err() }
  }

  it('ends with 0 when all pass, and with 5 and the difference when one fails', async () => {
    await put('tests/a.yaml', carried(ALL))
    expect(await sluice()).toMatchObject({ exit: 0, out: expect.stringContaining('1 test, all passed') })
    await put('tests/b.yml', carried(ALL.replace('age: 3', 'age: 4')).replace('name: one', 'name: two'))
    const { exit, out } = await sluice()
    expect(exit).toBe(5)
    expect(out).toContain('FAIL  gold.carried_closes  two  tests/b.yml:2:5')
    expect(out).toContain('not found:    date 2026-01-08, age 4  (tests/b.yml:8:9)')
    expect(out).toContain('2 tests, 1 failed')
    const json = await sluice('two', '--output', 'json')
    expect([json.exit, JSON.parse(json.out)]).toMatchObject([
      5,
      { tests: 1, failed: 1, outcomes: [{ name: 'two', count: 2 }] },
    ])
    expect(existsSync(join(folder.folder, 'data_lake'))).toBe(false)
  })

  it('runs the tests that a name, a model or a pattern names', async () => {
    await put('tests/a.yaml', carried(ALL))
    for (const name of ['one', 'carried_closes', 'gold.carried_*', 'o*'])
      expect(await sluice(name)).toMatchObject({ exit: 0, out: expect.stringContaining('1 test,') })
    expect(await sluice('ona')).toMatchObject({ exit: 2, err: expect.stringContaining('Did you mean "one"?') })
  })

  it('says so when there are none', async () => {
    expect(await sluice()).toMatchObject({ exit: 0, out: expect.stringContaining('no tests of models yet') })
  })
})
