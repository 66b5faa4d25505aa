import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DiffOptions, diff } from '../../../src/pipeline/diff/diff.js'
import { describeTable } from '../../../src/pipeline/read/tables.js'
import { NOTE, PRICE, ticks } from '../../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { ndjson } from '../../support/records.js'
import { tick } from '../replay/ticks-lake.js'

const HOUR = 3_600_000

let folder: ProjectFolder
let lake: TestLake
let snapshots: string[]
beforeAll(async () => {
  folder = await projectFolder()
  const first = folder.lake({ models: [], contracts: [ticks({ mergePolicy: 'latest' })] })
  const rows = Array.from({ length: 9 }, (_, at) => tick(`t${at}`, at))
  const runs = [rows, [{ ...tick('t3', 3), price: 7 }, tick('t9', 9)], [{ ...tick('t4', 4), price: 8, venue: 'X' }]]
  const grown = first.with({
    contracts: [
      ticks({
        mergePolicy: 'latest',
        version: '1.1.0',
        properties: [PRICE, NOTE, '{ name: venue, logicalType: string }'],
      }),
    ],
  })
  for (const [at, own] of runs.entries()) {
    const input = await folder.write(`${at}.ndjson`, ndjson(own))
    const on = at === 2 ? grown : first
    await on.run({ runId: `r${at}`, input: [input], contract: 'ticks', nowMs: NOW + at * HOUR })
  }
  lake = grown
  const { snapshotLog } = await describeTable(lake.project, 'silver.ticks', { files: false })
  snapshots = snapshotLog.map(({ id }) => id)
})
afterAll(() => folder.remove())

const compare = (before: string, after: string, options: Partial<DiffOptions> = {}) =>
  diff(lake.project, { limit: 10, ...options, before, after })

describe('a diff', () => {
  it('of two runs gives counts and the rows with both values of each column', async () => {
    const { tables } = await compare('r0', 'r1')
    expect(tables).toMatchObject([
      {
        table: 'silver.ticks',
        key: ['id', 'moment'],
        before: { rows: 9 },
        after: { rows: 10 },
        counts: { added: 1, removed: 0, changed: 1 },
        columns: [],
      },
    ])
    const [changed, added] = tables[0]!.rows
    expect(changed).toMatchObject({ change: 'changed', key: { id: 't3' } })
    expect(changed!.columns.find(({ column }) => column === 'price')).toEqual({
      ...{ column: 'price', before: '103.0000', after: '7.0000' },
    })
    expect(added).toMatchObject({ change: 'added', key: { id: 't9' } })
    expect(added!.columns).toContainEqual({ column: 'price', before: null, after: '109.0000' })
    expect((await compare('r1', 'r0')).tables[0]!.counts).toEqual({ added: 0, removed: 1, changed: 1 })
  })

  it('of times and of runs tells an added column, and compares the others', async () => {
    const times = [NOW + HOUR, NOW + 3 * HOUR].map(ms => new Date(ms).toISOString())
    const { tables } = await compare(times[0]!, times[1]!, { limit: 1 })
    expect(tables).toMatchObject([
      {
        counts: { added: 0, removed: 0, changed: 1 },
        columns: [{ column: 'venue', change: 'added', before: null, after: 'VARCHAR' }],
        rows: [{ key: { id: 't4' } }],
      },
    ])
    expect((await compare(snapshots[1]!, snapshots[2]!)).tables.map(({ counts }) => counts)).toEqual([
      tables[0]!.counts,
    ])
    expect((await compare('r1', 'r2')).tables[0]!.counts).toEqual(tables[0]!.counts)
    expect((await compare('r0', 'r2', { limit: 0 })).tables[0]!.rows).toEqual([])
    expect((await compare('r2', 'r2')).tables).toEqual([])
    expect((await compare('r2', 'r2', { table: 'ticks' })).tables).toMatchObject([{ counts: { changed: 0 } }])
  })

  it('of two tables goes by the names of columns', async () => {
    const { tables } = await compare('silver.ticks', 'silver.ticks_v1')
    expect(tables).toMatchObject([
      { table: 'silver.ticks_v1', other: 'silver.ticks', counts: { added: 0, removed: 0, changed: 0 } },
    ])
    const bronze = await compare('r0', 'r2', { table: 'bronze.ticks' })
    expect(bronze.tables).toMatchObject([
      { key: ['_capture_id', '_position'], counts: { added: 3, removed: 0, changed: 0 } },
    ])
  })

  it('of what is not there is refused with a next step', async () => {
    expect((await errorOf(compare('r0', 'nothing'))).code).toBe('SLUICE_SNAPSHOT_UNKNOWN')
    expect((await errorOf(compare('r0', 'r1', { table: 'tick' }))).message).toContain('ticks')
    const strange = lake.with({ contracts: [] })
    const error = await errorOf(diff(strange.project, { before: 'r0', after: 'r1', limit: 1 }))
    expect(error.code).toBe('SLUICE_ARGUMENT_INVALID')
  })
})
