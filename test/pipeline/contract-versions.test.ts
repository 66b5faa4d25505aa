import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderRun } from '../../src/cli/render-run.js'
import { diffContractsWithLake } from '../../src/pipeline/contracts/contract-diffs.js'
import { NOTE, PRICE, type TicksOptions, ticks } from '../support/contracts.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const GOOD = { id: 'a', moment: '2026-01-05T10:00:00Z', price: 5, note: 'n' }

async function run(lake: TestLake, id: string, minute = 0) {
  const input = [await folder.write(`${id}.ndjson`, ndjson([{ ...GOOD, id }]))]
  return lake.run({ runId: id, contract: 'ticks', input, nowMs: NOW + minute * 60_000 })
}

/** A lake with one row under a contract of version 1.2.0. */
async function started(options: TicksOptions = {}): Promise<TestLake> {
  const lake = folder.lake({ models: [], contracts: [ticks({ version: '1.2.0', ...options })] })
  await run(lake, 'first')
  return lake
}

const changed = (lake: TestLake, options: TicksOptions) => lake.with({ contracts: [ticks(options)] })

const POSITIVE = '{ id: whole, type: custom, engine: sluice, implementation: price >= 1, severity: error }'

describe('a contract that goes back', () => {
  it.each<[string, TicksOptions, string]>([
    ['to a lower patch of the same', { version: '1.1.9' }, '1.2.0'],
    ['to what it was before a column came', { version: '1.1.0', properties: [PRICE] }, '2.0.0'],
  ])('%s is refused, and nothing is written', async (_, options, expected) => {
    const lake = await started()
    const files = await lake.files()
    const error = await errorOf(run(changed(lake, options), 'lower'))
    expect(error).toMatchObject({
      code: 'SLUICE_CONTRACT_VERSION',
      message: expect.stringContaining('went back from version 1.2.0'),
    })
    expect(error.next).toContain(expected)
    expect(await lake.files()).toEqual(files)
  })

  it('to a lower major is refused as soon as the higher one has rows', async () => {
    const lake = await started({ version: '2.0.0' })
    const error = await errorOf(run(changed(lake, { version: '1.9.0' }), 'major'))
    expect(error).toMatchObject({ code: 'SLUICE_CONTRACT_VERSION', next: expect.stringContaining('2.0.0') })
  })

  it('from a major without rows may: nothing is hidden', async () => {
    const lake = await started()
    const failing = changed(lake, { version: '2.0.0', maxShare: 0 })
    const input = [await folder.write('bad.ndjson', ndjson([{ ...GOOD, price: -1 }]))]
    expect((await failing.run({ contract: 'ticks', input, nowMs: NOW })).status).toBe('held')
    expect((await run(lake, 'back')).status).toBe('published')
  })
})

describe('a contract that breaks what a row is under its major', () => {
  it.each<[string, TicksOptions, string]>([
    ['by another key', { key: 'id' }, 'key: what one row is has changed'],
    ['by another merge policy', { mergePolicy: 'latest' }, 'merge policy'],
    ['by a column less', { properties: [PRICE] }, 'column note: removed'],
    [
      'by a column that must be there',
      { properties: [PRICE, NOTE, '{ name: venue, logicalType: string, required: true }'] },
      'column venue: new and required',
    ],
  ])('%s is refused with the version that it needs', async (_, options, reason) => {
    const lake = await started()
    const files = await lake.files()
    const error = await errorOf(run(changed(lake, { version: '1.3.0', ...options }), 'broken'))
    expect(error).toMatchObject({ code: 'SLUICE_CONTRACT_BREAKING', message: expect.stringContaining(reason) })
    expect(error.next).toContain('2.0.0')
    expect(await lake.files()).toEqual(files)
    expect(
      (
        await run(
          changed(lake, { version: '2.0.0', ...options, properties: options.properties ?? [PRICE, NOTE] }),
          'fits',
        ).catch(() => ({ status: 'refused' }))
      ).status,
    ).not.toBe('refused')
  })
})

describe('a contract that promises less', () => {
  it('is run, and the run says which version it should have; the next one has nothing to say', async () => {
    const lake = await started({ quality: [POSITIVE] })
    const less = changed(lake, { version: '1.2.0' })
    const record = await run(less, 'less', 1)
    expect(record.contract_changes).toEqual([
      {
        dataset: 'ticks',
        before: '1.2.0',
        after: '1.2.0',
        grade: 'breaking',
        needs: '2.0.0',
        subjects: ['rule whole'],
      },
    ])
    const view = { record, risk: undefined, lake: lake.root, project: undefined }
    expect(renderRun(view, fakeTerminal())).toContain('its version should be 2.0.0')
    expect((await run(less, 'same', 2)).contract_changes).toBeUndefined()
  })

  it('is no news when the version says so', async () => {
    const lake = await started()
    const record = await run(changed(lake, { version: '1.3.0', quality: [POSITIVE] }), 'more', 1)
    expect(record.contract_changes).toMatchObject([{ grade: 'compatible', subjects: ['rule whole'] }])
    expect(record.contract_changes?.[0]).not.toHaveProperty('needs')
  })
})

describe('a contract beside the lake', () => {
  const beside = async (lake: TestLake, options: TicksOptions) => {
    const [entry] = await diffContractsWithLake(lake.project, [ticks(options)])
    return entry!.diff
  }

  it('is compared in every word, because the lake keeps what tables were written under', async () => {
    const lake = await started({ quality: [POSITIVE] })
    expect(await beside(lake, { version: '1.2.0', quality: [POSITIVE] })).toMatchObject({ grade: 'none', changes: [] })
    expect(await beside(lake, { version: '1.2.0' })).toMatchObject({
      grade: 'breaking',
      version: { verdict: 'raise' },
      changes: [{ subject: 'rule whole' }],
    })
    const other = folder.lake({ models: [], contracts: [] })
    expect(await beside(other, {})).toBeUndefined()
  })

  it('is compared by columns and version in a lake that has not kept it', async () => {
    const lake = await started()
    await rm(join(lake.root, '_contracts'), { recursive: true })
    expect(await beside(lake, { version: '1.2.0', properties: [PRICE.replace('18,4', '18,2')] })).toMatchObject({
      grade: 'breaking',
      changes: [{ reason: expect.stringContaining('price changes from') }],
    })
    expect(await beside(lake, { version: '1.1.0' })).toMatchObject({ version: { verdict: 'lowered' } })
  })

  it('is refused when what the lake has kept is not what its name says', async () => {
    const lake = await started()
    const kept = join(lake.root, '_contracts/ticks')
    for (const name of await readdir(kept)) await writeFile(join(kept, name), '{}')
    expect(await errorOf(beside(lake, { version: '1.3.0' }))).toMatchObject({ code: 'SLUICE_METADATA_CORRUPT' })
  })
})
