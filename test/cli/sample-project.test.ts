import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { fakeTerminal } from '../support/fake-terminal.js'

let folder: string

async function sluice(...args: string[]) {
  const terminal = fakeTerminal({ folder, env: {} })
  const code = await runProgram(args, terminal)
  return { code, out: terminal.out(), err: terminal.err() }
}

async function json(...args: string[]) {
  const { code, out, err } = await sluice(...args, '--output', 'json')
  expect(code, err).toBe(0)
  return JSON.parse(out)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-sample-'))
  expect((await sluice('init')).code).toBe(0)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('a fresh project on the command line', () => {
  it('plans without writing', async () => {
    const { code, out } = await sluice('run', '--dry-run')
    expect(code).toBe(0)
    expect(out).toContain('dry run: nothing was written')
    expect((await sluice('tables')).out).toContain('no tables yet')
  })

  it('runs the sample and reports arrival, rejections, risk, files and three commands', async () => {
    const { code, out, err } = await sluice('run', '--run-id', 'first')
    expect(code, err).toBe(0)
    expect(out).toContain('Run first  published')
    expect(out).toMatch(/[\d,]+ in = [\d,]+ accepted \+ .+ adds up/)
    expect(out).toMatch(/bars +unknown_instrument +1\n/)
    expect(out).toContain('Risk per instrument, newest day')
    expect(out).toContain('crypto:coingecko:bitcoin')
    expect(out.slice(out.indexOf('\nNext\n')).trim().split('\n')).toHaveLength(4)
    expect(err).toMatch(/^fetch .+\n/)
  })

  it('does nothing for the same run id, and says so', async () => {
    const { code, out } = await sluice('run', '--run-id', 'first')
    expect(code).toBe(0)
    expect(out).toContain('nothing was written now')
    expect(await json('runs')).toHaveLength(1)
  })

  it('refuses the run id for other work', async () => {
    const { code, err } = await sluice('run', '--run-id', 'first', '--select', 'sample-bars', '--param', 'seed=2')
    expect(code).toBe(2)
    expect(err).toContain('SLUICE_RUN_ID_TAKEN')
  })

  it('gives one JSON document per command to machines', async () => {
    const record = await json('runs', 'first')
    const names = (await json('tables')).map((table: { table: string }) => table.table)
    expect(names).toEqual(expect.arrayContaining(record.tables.map((table: { table: string }) => table.table)))
    expect(await json('contract', 'show', 'bars')).toMatchObject({ dataset: 'bars', layer: 'silver' })
    expect(await json('validate')).toContainEqual(
      expect.objectContaining({ subject: 'pipes/sample.yaml', status: 'ok' }),
    )
    expect(await json('doctor')).toContainEqual(expect.objectContaining({ subject: 'lake', status: 'ok' }))
    const result = await json('query', 'SELECT count(*) AS rows FROM silver.bars')
    const bars = record.pipes.find((pipe: { dataset: string }) => pipe.dataset === 'bars')
    expect(result.rows).toEqual([{ rows: String(bars.accepted) }])
  })

  it('writes a query to a file relative to the working folder', async () => {
    const { code, out, err } = await sluice('query', 'SELECT 1.10 AS x', '--output', 'csv', 'x.csv')
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toContain(join(folder, 'x.csv'))
    expect(await readFile(join(folder, 'x.csv'), 'utf8')).toBe('x\n1.10\n')
  })

  it('writes a query as CSV to standard output, whole', async () => {
    const all = 'SELECT range AS n FROM range(3000)'
    const { code, out } = await sluice('query', all, '--output', 'csv')
    expect(code).toBe(0)
    expect(out.split('\n').slice(0, 3)).toEqual(['n', '0', '1'])
    expect(out.trimEnd().split('\n')).toHaveLength(3001)
    expect((await sluice('query', all, '--output', 'csv', '-')).out).toBe(out)
  })

  it('shows the first thousand rows of a long table and says so', async () => {
    const { out, err } = await sluice('query', 'SELECT range AS n FROM range(10000000)')
    expect(out.trimEnd().split('\n')).toHaveLength(1001)
    expect(err).toContain('the first 1,000 rows')
  })

  it('shows the files of a table only when asked', async () => {
    expect((await sluice('tables', 'silver.bars')).out).not.toContain('.parquet')
    expect((await sluice('tables', 'silver.bars', '--files')).out).toMatch(
      /silver\/bars\/.+run_id=first-[0-9a-f]{8}\.parquet/,
    )
  })

  it('names the nearest table for one that is not there', async () => {
    const { code, err } = await sluice('query', 'SELECT * FROM silver.barz')
    expect(code).toBe(2)
    expect(err).toContain('silver.bars')
  })

  it('looks at the lake that --lake names, relative to the working folder', async () => {
    expect((await sluice('tables', '--lake', 'elsewhere')).out).toContain('no tables yet')
  })
})
