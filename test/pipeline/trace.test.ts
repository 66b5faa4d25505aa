import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderTrace } from '../../src/cli/render-trace.js'
import { findCapture } from '../../src/pipeline/captures/find-capture.js'
import { PLAIN_RUN } from '../../src/pipeline/open-lake.js'
import { initProject } from '../../src/pipeline/project/init-project.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import type { Project } from '../../src/pipeline/project/project.js'
import { query } from '../../src/pipeline/read/query.js'
import { run } from '../../src/pipeline/run.js'
import { traceRows } from '../../src/pipeline/trace/trace-rows.js'
import { fakeTerminal } from '../support/fake-terminal.js'

let folder: string
let project: Project
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-trace-'))
  await initProject(folder, 'sample')
  project = await loadProject({ folder })
  await run(project, { ...PLAIN_RUN, runId: 'first' })
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const trace = (table: string, where: string) => traceRows(project, { table, where })
const ACME = `instrument_id = 'equity:XNYS:ACME' AND date = '2025-12-31'`

describe('a row of gold', () => {
  it('leads through every model to the bytes that it was read from', async () => {
    const { rows, tables, captures } = await trace('gold.risk_summary', ACME)
    expect(rows).toMatchObject([{ instrument_id: 'equity:XNYS:ACME', date: '2025-12-31' }])
    // Volatility also looks into intraday bars.
    expect(tables.map(({ table }) => table)).toEqual([
      ...['gold.risk_summary', 'gold.risk_metrics', 'gold.volatility', 'gold.returns_daily', 'gold.bars_daily'],
      ...['gold.price_bars', 'silver.bars', 'silver.market_events'],
    ])
    for (const { made, table } of tables.filter(({ table }) => table.startsWith('gold.')))
      expect(made, table).toMatchObject({ derived_again: 'same', by_runs: [{ run_id: 'first' }] })
    const [summary] = tables
    expect(summary).toMatchObject({
      rows: 1,
      run_id: 'first',
      made: { model: expect.stringContaining('risk_summary.sql') },
    })
    const [making] = summary!.made!.by_runs
    expect(making).toMatchObject({ model_hash: summary!.made!.model_hash, formulas_hash: summary!.made!.formulas_hash })
    const inputs = tables.filter(({ table }) => Object.hasOwn(making!.inputs, table))
    expect(inputs.map(({ table, snapshot_id }) => [table, snapshot_id])).toEqual(
      inputs.map(({ table }) => [table, making!.inputs[table]]),
    )
    const bars = captures.filter(({ dataset }) => dataset === 'bars')
    expect(bars).toMatchObject([{ pipe: 'sample-bars', url: expect.stringContaining('sample://bars') }])
    // The day itself is among the bytes, where the trace says.
    const found = await findCapture(project, bars[0]!.id)
    expect(found.record.sha256).toBe(bars[0]!.sha256)
    const chunks: Uint8Array[] = []
    for await (const chunk of found.bytes()) chunks.push(chunk)
    const lines = Buffer.concat(chunks).toString('utf8').split('\n')
    expect(lines[bars[0]!.last_position]).toMatch(/ACME.*2025-12-31|2025-12-31.*ACME/)
  })

  it('is derived again, whichever it is, from a part of its inputs', async () => {
    const tables = [
      'price_bars',
      'bars_daily',
      'calendar_bars',
      'returns_daily',
      'prices_normalized',
      'volatility',
      'risk_metrics',
      'drawdowns',
      'risk_summary',
      'var_backtest',
    ]
    for (const table of tables) {
      const contract = project.contracts.find(({ dataset }) => dataset === table)!
      const key = contract.primaryKey.map(name => `"${name}"::VARCHAR`).join(` || '|' || `)
      const { rows } = await query(project, `SELECT ${key} AS key FROM gold.${table} ORDER BY hash(key, 7) LIMIT 1`)
      for (const row of rows) {
        const found = await trace(table, `${key} = '${String(row['key'])}'`)
        expect(found.rows, table).toHaveLength(1)
        for (const { made, table: own } of found.tables)
          if (made !== undefined) expect(made.derived_again, `${table} ${row['key']}: ${own}`).toBe('same')
        expect(found.captures.length, `${table} ${row['key']}`).toBeGreaterThan(0)
        expect(found.captures.every(({ segment, size_bytes }) => segment !== null && size_bytes! > 0)).toBe(true)
      }
    }
  }, 180_000)

  it('names bars of one instrument alone for a bar of a week', async () => {
    const week = `instrument_id = 'equity:XNYS:ACME' AND bar_calendar = 'XNYS' AND bar_interval = '1w' AND date = '2025-06-02'`
    const { tables } = await trace('calendar_bars', week)
    expect(tables.map(({ table, rows }) => [table, rows])).toContainEqual(['silver.bars', 5])
    expect(tables[0]!.made).toMatchObject({ derived_again: 'same', by: ['instrument_id'] })
  })

  it('says so when it cannot be derived again, for its inputs have changed', async () => {
    const changed = project.models.map(model =>
      model.table === 'risk_summary'
        ? { ...model, sql: model.sql.replace('max(value) FILTER', '1 + max(value) FILTER'), hash: 'x' }
        : model,
    )
    const { tables } = await traceRows({ ...project, models: changed }, { table: 'gold.risk_summary', where: ACME })
    expect(tables[0]!.made).toMatchObject({ derived_again: 'other', model_hash: 'x' })
    expect(tables[0]!.made!.by_runs[0]!.model_hash).not.toBe('x')
  })
})

describe('a row that looks at macro series', () => {
  it('is derived again from its instrument and the figures that were known', async () => {
    const lake = { ...project, config: { ...project.config, lake: join(folder, 'rates') } }
    const days = Array.from({ length: 30 }, (_, at) => new Date(Date.UTC(2025, 11, 1) + at * 86_400_000))
    const input = join(folder, 'rates.ndjson')
    const figures = days.flatMap(day =>
      ['DFF', 'DGS10'].map(code => ({
        ...{ instrument_id: `macro:fred:${code}`, event_time: day.toISOString(), value: 4 + day.getUTCDate() / 100 },
        ...{ source: 'fred', known_from: new Date(day.getTime() + 108_000_000).toISOString() },
      })),
    )
    await writeFile(input, figures.map(figure => JSON.stringify(figure)).join('\n'))
    await run(lake, { ...PLAIN_RUN, runId: 'macro', input: [input], contract: 'macro_observations' })
    await run(lake, { ...PLAIN_RUN, runId: 'first' })
    const own = await traceRows(lake, {
      table: 'gold.macro_daily',
      where: "instrument_id = 'macro:fred:DFF' AND date = '2025-12-20'",
    })
    expect(own.rows).toMatchObject([{ period: '2025-12-19', reason: null, frequency: 'daily' }])
    expect(own.tables.map(({ table }) => table)).toEqual(['gold.macro_daily', 'silver.macro_observations_versions'])
    expect(own.tables[0]!.made).toMatchObject({ derived_again: 'same', by: ['instrument_id'] })
    const { tables, rows } = await traceRows(lake, { table: 'gold.features_daily', where: ACME.replace('31', '30') })
    expect(rows).toMatchObject([{ rate: expect.any(Number), rate_reason: null }])
    for (const { table, made } of tables.filter(({ table }) => table.startsWith('gold.')))
      expect(made, table).toMatchObject({ derived_again: 'same' })
    // Of the instrument alone.
    expect(tables[0]!.made!.by).toEqual(['instrument_id'])
    expect(tables.map(({ table }) => table)).toContain('silver.macro_observations_versions')
  }, 120_000)
})

describe('a row that no model makes', () => {
  it('leads to the run that booked it, and to its record', async () => {
    const where = "dataset = 'bars' AND rule = '*'"
    const found = await trace('data_quality_metrics', where)
    expect(found.rows.length).toBeGreaterThan(0)
    expect(found).toMatchObject({
      tables: [{ table: 'gold.data_quality_metrics', rows: found.rows.length, run_id: 'first' }],
      captures: [],
      booked_by: [{ run_id: 'first', status: 'published', record: '_runs/first.json' }],
    })
    const text = renderTrace(found, {}, fakeTerminal())
    expect(text).toMatch(/Booked by\n.*\n *first +20.*published +_runs\/first\.json\n.*sluice runs first\n/s)
  })
})

describe('a question that is none', () => {
  it.each([
    ['gold.nothing', 'true', 'SLUICE_TABLE_UNKNOWN', 'There is no derived table gold.nothing'],
    ['silver.bars', 'true', 'SLUICE_TABLE_UNKNOWN', 'There is no derived table silver.bars'],
    ['gold.data_quality_metrics', "rule = 'x'", 'SLUICE_ARGUMENT_INVALID', 'No row of gold.data_quality_metrics fits'],
    ['gold.risk_summary', 'false', 'SLUICE_ARGUMENT_INVALID', 'No row of gold.risk_summary fits'],
    ['gold.risk_summary', 'true', 'SLUICE_ARGUMENT_INVALID', 'More than 20 rows'],
    ['gold.risk_summary', 'instrument = 1', 'SLUICE_QUERY_INVALID', 'instrument'],
    ['gold.risk_summary', 'true) UNION SELECT * FROM (SELECT 1', 'SLUICE_QUERY_INVALID', 'no condition'],
    ['gold.risk_summary', `close > (SELECT count(*) FROM read_csv('/etc/passwd'))`, 'SLUICE_QUERY_INVALID', 'subquery'],
    ['gold.risk_summary', 'close > ', 'SLUICE_QUERY_INVALID', 'no condition'],
  ])('of %s where %s', async (table, where, code, text) => {
    await expect(trace(table, where)).rejects.toMatchObject({ code, message: expect.stringContaining(text) })
  })
})
