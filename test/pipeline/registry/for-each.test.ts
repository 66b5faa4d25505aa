import { describe, expect, it } from 'vitest'
import {
  checkPipes,
  expandEntries,
  parsePipeFile,
  parsePipes,
  readEntries,
} from '../../../src/pipeline/pipes/load-pipes.js'
import type { ValueTables } from '../../../src/pipeline/registry/for-each.js'
import { contractOf } from '../../support/projects.js'
import { refusal } from '../../support/refusal.js'

const TABLES: ValueTables = new Map([
  [
    'coins.csv',
    {
      columns: ['id', 'class', 'vs'],
      rows: [
        ['btc', 'crypto', 'usd'],
        ['', 'crypto', 'usd'],
        ['eth', 'crypto', 'eur'],
        ['btc', 'crypto', 'eur'],
        ['gold', 'metal', 'usd'],
      ],
    },
  ],
])

function expand(yaml: string) {
  return expandEntries(readEntries(parsePipeFile(`pipes:\n${yaml}`, 'pipes/a.yaml'), {}), TABLES)
}

const SAMPLE = 'source: sample.bars, contract: bars'

describe('for_each', () => {
  it('makes one pipe for every combination, with its values as parameters', () => {
    const pipes = expand(`  - { name: "x-{coin}-{vs}", ${SAMPLE}, for_each: { coin: [btc, eth], vs: [usd, 1] } }\n`)
    expect(pipes.map(({ name, params }) => [name, params])).toEqual([
      ['x-btc-usd', { coin: 'btc', vs: 'usd' }],
      ['x-btc-1', { coin: 'btc', vs: '1' }],
      ['x-eth-usd', { coin: 'eth', vs: 'usd' }],
      ['x-eth-1', { coin: 'eth', vs: '1' }],
    ])
  })

  it('takes the distinct values of a column, without empty ones, of the rows that are wanted', () => {
    const names = (forEach: string) =>
      expand(`  - { name: "{id}", ${SAMPLE}, for_each: { id: ${forEach} } }\n`).map(pipe => pipe.name)
    expect(names('{ from: coins.csv }')).toEqual(['btc', 'eth', 'gold'])
    expect(names('{ from: coins.csv, column: vs }')).toEqual(['usd', 'eur'])
    expect(names('{ from: coins.csv, where: { class: crypto, vs: eur } }')).toEqual(['eth', 'btc'])
  })

  it('fills other parameters, and is one itself only where the source has it', () => {
    const [pipe] = expand(
      '  - { name: "nbp-{letter}", source: nbp.rates, for_each: { letter: [A, B] }, params: { table: "{letter}" } }\n',
    )
    expect(pipe).toMatchObject({
      name: 'nbp-A',
      contract: 'fx_rates',
      params: { table: 'A' },
      template: 'nbp-{letter}',
    })
  })

  it('writes a dash for what a name cannot hold', () => {
    expect(expand(`  - { name: "x-{pair}", ${SAMPLE}, for_each: { pair: [EUR/USD] } }\n`)[0]).toMatchObject({
      name: 'x-EUR-USD',
      params: { pair: 'EUR/USD' },
    })
  })

  it.each([
    ['a value that stands twice', `for_each: { a: [x, x] }`, 'stands twice', '\\[x, x'],
    ['a table that is not there', `for_each: { a: { from: nowhere } }`, 'no table `nowhere`', 'nowhere'],
    ['a column that is not there', `for_each: { a: { from: coins.csv, column: clas } }`, '"class"', 'clas '],
    [
      'a condition on no column',
      `for_each: { a: { from: coins.csv, column: id, where: { cls: x } } }`,
      '"class"',
      'x } }',
    ],
    [
      'rows that give no value',
      `for_each: { a: { from: coins.csv, column: id, where: { vs: x } } }`,
      'no row',
      '{ from',
    ],
    ['a key in params too', `params: { a: 1 }, for_each: { a: [x] }`, 'in params and in for_each', '1 }, for'],
    ['a placeholder that is no key', `for_each: { b: [x] }`, '"b"', '"x-'],
    ['no for_each at all', `tags: [x]`, 'no for_each', '"x-'],
    [
      'a product beyond reason',
      `for_each: { a: [${Array.from({ length: 500 }, (_, i) => i)}], b: [${Array.from({ length: 500 }, (_, i) => i)}] }`,
      '250000 pipes',
      '{ a: .0',
    ],
  ])('refuses %s, at its place', async (_, parts, message, start) => {
    const entry = `  - { name: "x-{a}", ${SAMPLE}, ${parts} }\n`
    const error = await refusal(() => expand(entry))
    expect(error.code).toBe('SLUICE_PIPE_INVALID')
    expect(error.message).toContain(message)
    expect(entry.slice(error.details.place!.column! - 1)).toMatch(new RegExp(`^${start}`))
  })

  it('refuses a name that does not hold every key, and one that another pipe has', async () => {
    const bars = [contractOf('bars', ['x'])]
    const short = expand(`  - { name: "x-{a}", ${SAMPLE}, for_each: { a: [1], b: [1, 2] } }\n`)
    const error = await refusal(() => checkPipes(short, bars))
    expect(error.message).toContain('made twice by its for_each')
    const twin = expand(`  - { name: x-1, ${SAMPLE} }\n  - { name: "x-{a}", ${SAMPLE}, for_each: { a: [1] } }\n`)
    expect((await refusal(() => checkPipes(twin, bars))).message).toContain('first in pipes/a.yaml:2')
  })
})

describe('parameters of a provider', () => {
  const check = (text: string) =>
    checkPipes(parsePipes(`pipes:\n  - { name: a, ${text} }\n`, 'pipes/a.yaml'), [contractOf('fx_rates', ['x'])])

  it('are completed with its defaults', () => {
    expect(check('source: nbp.rates')[0]?.params).toEqual({ table: 'A' })
  })

  it('may be left to the run', () => {
    expect(check('source: nbp.rates, params: { table: null }')[0]?.params).toEqual({ table: null })
  })

  it.each([
    ['source: nbp.rates, params: { tabel: A }', '`table`'],
    ['source: nbp.rates, params: { table: D }', '`table`'],
    ['source: nbp.rates, params: { tabel: null }', '`table`'],
  ])('are refused when the source does not know them: %s', async (text, message) => {
    const error = await refusal(() => check(text))
    expect(error.code).toBe('SLUICE_PIPE_INVALID')
    expect(error.message).toContain(message)
    expect(error.place).toBe('pipes/a.yaml:2:5')
  })

  it('cannot be made of each other in a circle', async () => {
    const text = 'source: file, input: x, contract: fx_rates, params: { a: "{b}", b: "{c}", c: "{a}" }'
    expect((await refusal(() => check(text))).message).toContain('a is made of b is made of c is made of a')
  })
})
