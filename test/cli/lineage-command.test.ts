import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLineage } from '../../src/pipeline/lineage/read-lineage.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import { type AskingProject, askingProject } from '../support/asking-project.js'
import { CARRIED_CONTRACT, CARRIED_SQL } from '../support/own-model.js'

const PIPES = `  - { name: bars, source: sample.bars, contract: bars }
  - name: own
    source: file
    contract: bars
    input: own/*.csv
    map: { close: '"Last" / 100', currency: "'GBP'" }
  - { name: again, source: file, contract: bars, input: again/*.csv, map: { currency: "'GBP'" } }
`

let project: AskingProject
beforeAll(async () => {
  project = await askingProject('http://127.0.0.1:9', PIPES)
  await mkdir(join(project.folder, 'models/gold/desk'))
  await writeFile(join(project.folder, 'models/gold/desk/carried_closes.sql'), CARRIED_SQL)
  await writeFile(join(project.folder, 'contracts/carried_closes.odcs.yaml'), CARRIED_CONTRACT)
  const unmade = CARRIED_CONTRACT.replaceAll('carried_closes', 'unmade')
  await writeFile(join(project.folder, 'contracts/unmade.odcs.yaml'), unmade)
})
afterAll(() => project.remove())

describe('sluice lineage', () => {
  it('shows a line for each column of a table of gold, in a project that has no lake yet', async () => {
    const { code, out } = await project.sluice('lineage', 'gold.risk_summary')
    expect(code).toBe(0)
    const lines = out.split('\n')
    expect(lines[0]).toBe('gold.risk_summary  models/gold/risk_summary.sql')
    expect(lines).toContainEqual(expect.stringMatching(/^close +gold\.returns_daily\.close$/))
    expect(lines).toContainEqual(
      expect.stringMatching(/^sharpe +agg of gold\.risk_metrics\.value +gold\.risk_metrics\.metric$/),
    )
    expect(lines).toContainEqual(
      expect.stringMatching(/^rows +rows of gold\.returns_daily, gold\.risk_metrics +gold\.returns_daily: date, /),
    )
    expect(lines.length).toBeLessThan(25)
    expect(existsSync(join(project.folder, 'data_lake'))).toBe(false)
  })

  it('follows one column to silver, with each of its inputs', async () => {
    const { out } = await project.sluice('lineage', 'risk_summary', '--column', 'CLOSE', '--to', 'silver')
    expect(out).toContain('gold.risk_summary  models/gold/risk_summary.sql, down to silver\n')
    expect(out).toMatch(/^silver\.bars\.close +aggregation$/m)
    expect(out).toMatch(/^silver\.bars\.event_time +sort$/m)
    expect(out).toMatch(/^silver\.market_events\.price +aggregation$/m)
    expect(out).not.toContain('gold.returns_daily')
    expect(out).not.toContain('corporate_actions')
  })

  it('says what a change of a column would reach', async () => {
    const { out } = await project.sluice('lineage', 'silver.bars.close', '--downstream')
    expect(out).toMatch(/^silver\.bars\.close {2}has a part in \d+ tables$/m)
    expect(out).toMatch(
      /^gold\.returns_daily +close, previous_close, simple_return, log_return, total_return +comparable_factor, reason/m,
    )
    expect(out).toMatch(/^gold\.carried_closes +close$/m)
    const near = await project.sluice('lineage', 'silver.bars', '--column', 'close', '--downstream', '--depth', '1')
    expect(near.out).not.toContain('gold.risk_summary')
    const none = await project.sluice('lineage', 'silver.market_events.venue', '--downstream')
    expect(none.out).toBe('silver.market_events.venue  no model makes anything of it\n')
  })

  it('reads models of the project itself', async () => {
    const { made } = (await project.json('lineage', 'carried_closes')) as {
      made: { columns: unknown[]; model: string }
    }
    expect(made.model).toBe('models/gold/desk/carried_closes.sql')
    expect(made.columns.slice(0, 3)).toEqual([
      {
        column: 'instrument_id',
        inputs: [
          { table: 'silver.bars', column: 'instrument_id', transformations: [{ type: 'DIRECT', subtype: 'IDENTITY' }] },
        ],
      },
      {
        column: 'date',
        inputs: [
          {
            table: 'silver.bars',
            column: 'event_time',
            transformations: [{ type: 'DIRECT', subtype: 'TRANSFORMATION' }],
          },
        ],
      },
      {
        column: 'close',
        inputs: [
          { table: 'silver.bars', column: 'close', transformations: [{ type: 'DIRECT', subtype: 'AGGREGATION' }] },
        ],
      },
    ])
  })

  it('says which pipes fill a table of silver, and from which fields', async () => {
    const { out } = await project.sluice('lineage', 'silver.bars')
    expect(out).toContain('filled by 3 pipes: bars (sample.bars), own (file), again (file)\n')
    expect(out).toMatch(/^open +the field open$/m)
    expect(out).toMatch(/^close +the field close \(2 pipes\); "Last" \/ 100 \(1 pipe\)$/m)
    expect(out).toMatch(/^currency +'GBP' \(2 pipes\); the field currency \(1 pipe\)$/m)
    expect(out).toMatch(/^_capture_id +Sluice, for every row$/m)
    expect((await project.sluice('lineage', 'silver.holdings')).out).toContain(
      'filled by no pipe; files come with --contract holdings\n',
    )
  })

  it('knows reference tables, sessions and tables that Sluice fills', async () => {
    expect(await project.json('lineage', 'reference.instruments')).toMatchObject({
      made: { by: 'file', file: 'instruments.csv' },
    })
    expect(await project.json('lineage', 'reference.currencies')).toMatchObject({ made: { by: 'file', file: null } })
    expect(await project.json('lineage', 'silver.calendar_sessions')).toMatchObject({ made: { by: 'sluice' } })
    expect(await project.json('lineage', 'gold.data_quality_metrics')).toMatchObject({ made: { by: 'sluice' } })
    expect(await project.json('lineage', 'gold.unmade')).toMatchObject({ made: { by: 'nothing' } })
    const { out } = await project.sluice('lineage', 'reference.benchmarks', '--downstream')
    expect(out).toMatch(/^gold\.risk_metrics .* yes$/m)
  })

  it.each([
    [['gold.risk_sumary'], 'The project has no table gold.risk_sumary. Did you mean "gold.risk_summary"?'],
    [['bronze.bars'], 'The project has no table bronze.bars.'],
    [['gold.risk_summary', '--column', 'clsoe'], 'gold.risk_summary has no column clsoe. Did you mean "close"?'],
    [['gold.risk_summary.clsoe'], 'gold.risk_summary has no column clsoe. Did you mean "close"?'],
    [['gold.risk_summary.close', '--column', 'date'], 'gold.risk_summary.close names a column already'],
    [['risk_summary', '--depth', '0'], '--depth is a number of models, 1 or more, not "0"'],
    [['risk_summary', '--depth', '2', '--to', 'silver'], '--depth and --to cannot stand together'],
    [['risk_summary', '--to', 'bronze'], '--to is silver, not "bronze"'],
    [['risk_summary', '--upstream', '--downstream'], '--upstream and --downstream cannot stand together'],
    [['risk_summary', '--to', 'silver', '--downstream'], '--to silver looks upstream'],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await project.sluice('lineage', ...args)
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
    expect(err).toContain('next: ')
  })

  it('says of SQL that it does not understand that it is not known, and keeps what it does', async () => {
    const file = join(project.folder, 'models/gold/desk/carried_closes.sql')
    await writeFile(
      file,
      CARRIED_SQL.replace('arg_min(close, age) AS close', "arg_min(COLUMNS(c -> c = 'close'), age) AS close"),
    )
    try {
      const { out } = await project.sluice('lineage', 'carried_closes')
      expect(out).toMatch(/^close +unknown$/m)
      expect(out).toContain('close is not wholly known: an expression of COLUMNS(…) or * is not understood\n')
      expect(out).toMatch(/^date +silver\.bars\.event_time$/m)
      expect((await project.sluice('lineage', 'silver.bars.close', '--downstream')).out).toContain(
        'gold.carried_closes.close may depend on more than is known: ',
      )
    } finally {
      await writeFile(file, CARRIED_SQL)
    }
  })

  it('refuses a model that cannot be parsed with its place', async () => {
    const file = join(project.folder, 'models/gold/desk/broken.sql')
    await writeFile(file, CARRIED_SQL.replace('FROM carried\n', 'FORM carried\n'))
    try {
      await rm(join(project.folder, 'models/gold/desk/carried_closes.sql'))
      const { code, err } = await project.sluice('lineage', 'carried_closes')
      expect([code, err]).toEqual([2, expect.stringMatching(/SLUICE_MODEL_INVALID.*\n?.*broken\.sql:\d+:\d+/)])
    } finally {
      await rm(file)
      await writeFile(join(project.folder, 'models/gold/desk/carried_closes.sql'), CARRIED_SQL)
    }
  })
})

describe('every model that ships', () => {
  it('is understood: no column is unknown, and when a row was known comes from when its inputs were', async () => {
    const { tables } = await readLineage(await loadProject({ folder: '.' }))
    expect(tables.length).toBeGreaterThan(10)
    const unknown = tables.flatMap(({ table, columns, rows }) =>
      [...columns, { column: '*', ...rows }].flatMap(own =>
        own.unknown === undefined ? [] : [`${table}.${own.column}: ${own.unknown}`],
      ),
    )
    expect(unknown).toEqual([])
    const unknowing = tables.filter(
      ({ columns }) =>
        !columns.some(own => own.column === '_known_at' && own.inputs.some(({ column }) => column === '_known_at')),
    )
    expect(unknowing).toEqual([])
  })
})
