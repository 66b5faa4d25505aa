import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRegistry } from '../../../src/pipeline/registry/read-registry.js'
import { refusal } from '../../support/refusal.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-registry-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

const PIPE = 'pipes: [{ name: a, source: sample.bars, contract: bars }]\n'

describe('the folder pipes/', () => {
  it('is read with its folders, in order of the paths', async () => {
    await write({
      'pipes/z.yaml': PIPE,
      'pipes/fx/nbp.yml': PIPE.replace('name: a', 'name: b'),
      'pipes/fx/notes.txt': 'no',
      'pipes/.hidden.yaml': 'no: 1',
      'pipes/node_modules/x/index.js': 'throw new Error()',
      'pipes/types.d.ts': 'export {}',
    })
    expect((await readRegistry(folder)).map(({ name, group, declaredIn }) => [name, group, declaredIn.file])).toEqual([
      ['b', 'nbp', 'pipes/fx/nbp.yml'],
      ['a', 'z', 'pipes/z.yaml'],
    ])
  })

  it('may be missing', async () => {
    expect(await readRegistry(folder)).toEqual([])
  })
})

it.each(['pipes/a.json', 'pipes/fx/a.cjs', 'pipes/a.toml'])('refuses %s, which nobody would read', async file => {
  await write({ 'pipes/z.yaml': PIPE, [file]: '[]' })
  expect(await refusal(() => readRegistry(folder))).toMatchObject({ code: 'SLUICE_PIPE_INVALID', place: file })
})

describe('_defaults.yaml', () => {
  it('fills up the maps of an http block too', async () => {
    await write({
      'pipes/_defaults.yaml': `http: { url: "https://a.example", query: { from: "{start:date}", to: "{end:date}" } }\n`,
      'pipes/a.yaml':
        'pipes: [{ name: a, source: http, contract: bars, http: { query: { sym: BTC, to: "{end:last-date}" } } }]\n',
    })
    const [a] = await readRegistry(folder)
    expect(a!.http!.query).toEqual({ from: '{start:date}', to: '{end:last-date}', sym: 'BTC' })
  })

  it('fills up the pipes of its folder and below, the nearest first', async () => {
    await write({
      'pipes/_defaults.yaml': 'contract: bars\ntags: [all]\nparams: { seed: 1, x: top }\nschedule: "0 6 * * *"\n',
      'pipes/fx/_defaults.yaml': 'source: sample.bars\ntags: [fx]\nparams: { x: fx }\n',
      'pipes/fx/a.yaml': 'pipes: [{ name: a, tags: [own], params: { y: 2 } }]\n',
      'pipes/fxx/b.yaml': 'pipes: [{ name: b, source: sample.events, contract: other, schedule: { every: PT1H } }]\n',
    })
    const [a, b] = await readRegistry(folder)
    expect(a).toMatchObject({
      source: 'sample.bars',
      contract: 'bars',
      tags: ['all', 'fx', 'own'],
      params: { seed: '1', x: 'fx', y: '2' },
      schedule: { cron: '0 6 * * *', timezone: 'UTC' },
    })
    expect(b).toMatchObject({
      source: 'sample.events',
      contract: 'other',
      tags: ['all'],
      schedule: { everyMs: 3_600_000 },
    })
  })

  it.each([
    ['contrct: bars\n', '`contract`', 'pipes/_defaults.yaml:1:1'],
    ['name: x\n', '`name`', 'pipes/_defaults.yaml:1:1'],
    ['tags: [a]\ncalendar: NPB\n', '"NBP"', 'pipes/_defaults.yaml:2:11'],
  ])('is refused where it is wrong: %j', async (text, message, place) => {
    await write({ 'pipes/_defaults.yaml': text, 'pipes/a.yaml': PIPE })
    const error = await refusal(() => readRegistry(folder))
    expect(error.message).toContain(message)
    expect(error.place).toBe(place)
  })
})

describe('for_each over tables', () => {
  it('reads CSV files of the project and tables of Sluice', async () => {
    await write({
      'lists/coins.csv': 'id,class\nbtc,crypto\neth,crypto\n',
      'pipes/a.yaml': `pipes:
  - { name: "x-{coin}", source: sample.bars, contract: bars, for_each: { coin: { from: lists/coins.csv, column: id } } }
  - { name: "c-{code}", source: sample.bars, contract: bars, for_each: { code: { from: currencies, where: { code: PLN } } } }
`,
    })
    expect((await readRegistry(folder)).map(({ name }) => name)).toEqual(['x-btc', 'x-eth', 'c-PLN'])
  })

  it.each([
    ['silver.instruments', 'in a circle'],
    ['../outside.csv', 'not in the project'],
    ['coins', 'no table `coins`'],
  ])('refuses %s', async (from, message) => {
    await write({
      'pipes/a.yaml': `pipes:\n  - name: "x-{c}"\n    source: sample.bars\n    contract: bars\n    for_each: { c: { from: ${from} } }\n`,
    })
    const error = await refusal(() => readRegistry(folder))
    expect(error.message).toContain(message)
    expect(error.place).toMatch(/^pipes\/a\.yaml:5:/)
  })

  it('says where a CSV file is none', async () => {
    await write({
      'coins.csv': 'id,class\nbtc\n',
      'pipes/a.yaml':
        'pipes: [{ name: "x-{id}", source: sample.bars, contract: bars, for_each: { id: { from: coins } } }]\n',
    })
    const error = await refusal(() => readRegistry(folder))
    expect([error.code, error.place]).toEqual(['SLUICE_REFERENCE_INVALID', 'coins.csv:2:1'])
  })
})

describe('pipes in TypeScript and JavaScript', () => {
  it('are taken from the default export, with the line that defines them', async () => {
    await write({
      'pipes/coins.ts': `import { definePipe } from 'sluice'
interface Coin { readonly id: string }
const coins: readonly Coin[] = [{ id: 'btc' }, { id: 'eth' }]

export default coins.map(({ id }) =>
  definePipe({ name: \`coin-\${id}\`, source: 'sample.bars', contract: 'bars', tags: ['crypto'] }),
)
`,
      'pipes/plain.mjs': `export default { name: 'plain', source: 'sample.bars', contract: 'bars' }\n`,
      'pipes/_defaults.yaml': 'tags: [all]\n',
    })
    const pipes = await readRegistry(folder)
    expect(pipes.map(({ name, group, tags }) => [name, group, tags])).toEqual([
      ['coin-btc', 'coins', ['all', 'crypto']],
      ['coin-eth', 'coins', ['all', 'crypto']],
      ['plain', 'plain', ['all']],
    ])
    expect(pipes.map(({ declaredIn }) => `${declaredIn.file}:${declaredIn.line}`)).toEqual([
      'pipes/coins.ts:6',
      'pipes/coins.ts:6',
      'pipes/plain.mjs:1',
    ])
  })

  it('are read anew when the file has changed', async () => {
    await write({ 'pipes/a.ts': `export default { name: 'a', source: 'sample.bars', contract: 'bars' }\n` })
    await readRegistry(folder)
    await write({ 'pipes/a.ts': `export default { name: 'b', source: 'sample.bars', contract: 'bars' }\n` })
    expect((await readRegistry(folder)).map(({ name }) => name)).toEqual(['b'])
  })

  it.each([
    [
      'a field that is none',
      `import { definePipe } from 'sluice'\n\nexport default [\n  definePipe({ name: 'a', sorce: 'sample.bars', contract: 'bars' }),\n]\n`,
      '`source`',
      'pipes/a.ts:4:1',
    ],
    ['no default export', 'export const x = 1\n', 'exports no pipes', 'pipes/a.ts'],
    ['an empty list', 'export default []\n', 'exports no pipes', 'pipes/a.ts'],
    ['broken syntax', 'export default [\n  }\n', 'cannot be run', 'pipes/a.ts:2'],
    ['code that throws', `\nthrow new Error('no coins')\n`, 'no coins', 'pipes/a.ts:2'],
  ])('are refused with %s', async (_, text, message, place) => {
    await write({ 'pipes/a.ts': text })
    const error = await refusal(() => readRegistry(folder))
    expect(error.code).toBe('SLUICE_PIPE_INVALID')
    expect(error.message).toContain(message)
    expect(error.place).toBe(place)
  })
})
