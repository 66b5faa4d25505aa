import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../src/cli/run-command.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { ticks } from '../support/contracts.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson, trade, trades } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** 6 of 20 rows have a negative price; the contract lets 5 % pass. */
const POISONED = [...trades(14), ...trades(6, { price: -1 }, 'bad')]

describe('a gate that fails', () => {
  it('publishes nothing, keeps the last good rows, fills the quarantine, and says which rule and by how much', async () => {
    const lake = folder.lake({})
    await lake.run({ runId: 'good', input: [await folder.write('good.ndjson', ndjson(trades(5, {}, 'old')))] })
    const silver = await lake.files('silver')
    const bars = await lake.text('SELECT * FROM gold.price_bars ORDER BY ALL')
    const record = await lake.run({ runId: 'bad', input: [await folder.write('bad.ndjson', ndjson(POISONED))] })

    expect(record.status).toBe('held')
    expect(exitCodeOf(record)).toBe(5)
    expect(record.datasets).toMatchObject([{ dataset: 'market_events', verdict: 'fail', breach_allowed: false }])
    expect(record.datasets[0]?.findings).toEqual([
      { rule: '*', severity: 'error', text: '6 of 20 rows in error (30 %); allowed: at most 5 %' },
    ])
    expect(record.pipes).toMatchObject([
      { in: 20, accepted: 0, quarantined: 6, held: 14, rules: { price_positive: 6 } },
    ])
    expect(await lake.files('silver')).toEqual(silver)
    expect(await lake.text('SELECT * FROM gold.price_bars ORDER BY ALL')).toBe(bars)
    expect(
      await lake.rows('SELECT rules, count(*)::INTEGER AS rows FROM quarantine.market_events GROUP BY ALL'),
    ).toEqual([{ rules: ['price_positive'], rows: 6 }])
    const metrics = `SELECT failed, share, threshold, verdict FROM gold.data_quality_metrics WHERE run_id = 'bad' AND rule = '*' AND pipe <> ''`
    expect(await lake.rows(metrics)).toEqual([{ failed: '6', share: 0.3, threshold: 0.05, verdict: 'fail' }])
  })

  it('publishes the accepted rows when the breach is allowed, and says so', async () => {
    const lake = folder.lake()
    const input = [await folder.write('allowed.ndjson', ndjson(POISONED))]
    const record = await lake.run({ input, allowDqBreach: true })
    expect(record).toMatchObject({
      status: 'published',
      datasets: [{ verdict: 'fail', breach_allowed: true }],
      pipes: [{ in: 20, accepted: 14, quarantined: 6, held: 0 }],
    })
    expect(exitCodeOf(record)).toBe(0)
    expect(
      await lake.rows('SELECT min(price)::INTEGER AS low, count(*)::INTEGER AS rows FROM silver.market_events'),
    ).toEqual([{ low: 100, rows: 14 }])
  })

  it('holds one of two pipes of a contract and publishes the other', async () => {
    await folder.write('clean.ndjson', ndjson(trades(10, { source: 'clean' }, 'c')))
    await folder.write('dirty.ndjson', ndjson([...POISONED, trade('shared', { price: 101 })]))
    const pipe = (name: string) =>
      `  - { name: ${name}, source: file, contract: market_events, input: ${name}.ndjson }\n`
    const lake = folder.lake({
      models: [],
      pipes: parsePipes(`pipes:\n${pipe('clean')}${pipe('dirty')}`, 'pipes/two.yaml'),
    })
    const record = await lake.run({})

    expect(record.status).toBe('partial')
    expect(exitCodeOf(record)).toBe(8)
    expect(record.pipes).toMatchObject([
      { pipe: 'clean', in: 10, accepted: 10, duplicate: 0, quarantined: 0, held: 0 },
      { pipe: 'dirty', in: 21, accepted: 0, duplicate: 0, quarantined: 6, held: 15 },
    ])
    expect(
      await lake.rows('SELECT count(*)::INTEGER AS rows, min(source) AS source FROM silver.market_events'),
    ).toEqual([{ rows: 10, source: 'clean' }])
  })

  it('keeps the quarantined rows of a held pipe beside those of the others', async () => {
    await folder.write('fine.ndjson', ndjson([...trades(40, {}, 'f'), trade('fine-bad', { price: -1 })]))
    await folder.write('foul.ndjson', ndjson(POISONED))
    const pipe = (name: string) =>
      `  - { name: ${name}, source: file, contract: market_events, input: ${name}.ndjson }\n`
    const lake = folder.lake({
      models: [],
      pipes: parsePipes(`pipes:\n${pipe('fine')}${pipe('foul')}`, 'pipes/two.yaml'),
    })
    const record = await lake.run({})
    const quarantined = record.pipes.reduce((sum, { quarantined }) => sum + quarantined, 0)
    expect({ status: record.status, quarantined }).toEqual({ status: 'partial', quarantined: 7 })
    expect(await lake.rows('SELECT count(*)::INTEGER AS rows FROM quarantine.market_events')).toEqual([
      { rows: quarantined },
    ])
  })

  it('lets other datasets of the run go on', async () => {
    await folder.write('poison.ndjson', ndjson(POISONED))
    await folder.write('ticks.ndjson', ndjson([{ id: 'a', moment: '2026-01-05', price: 1 }]))
    const text = `pipes:
  - { name: poison, source: file, contract: market_events, input: poison.ndjson }
  - { name: ticks, source: file, contract: ticks, input: ticks.ndjson }\n`
    const lake = folder.lake({
      models: [],
      contracts: [...folder.project.contracts, ticks()],
      pipes: parsePipes(text, 'pipes/two.yaml'),
    })
    const record = await lake.run({})
    expect(record.status).toBe('partial')
    expect(await lake.rows('SELECT id FROM silver.ticks')).toEqual([{ id: 'a' }])
    expect(await lake.rows('SELECT * FROM silver.market_events')).toEqual([])
  })
})

describe('a batch check', () => {
  const rows = [
    { id: 'a', moment: '2026-01-05T10:00:00Z', price: 1 },
    { id: 'b', moment: '2026-01-05T11:00:00Z', price: 3 },
  ]

  it.each([
    [
      'an aggregate over the rows',
      '{ id: enough, metric: rowCount, mustBeGreaterThan: 2 }',
      /^enough is 2; it must be greater than 2$/,
    ],
    [
      'a query over the rows',
      '{ id: mean, type: sql, query: "SELECT avg(price) FROM {object}", mustBeLessThan: 2 }',
      /^mean is 2; it must be less than 2$/,
    ],
    [
      'a share of rows',
      '{ id: twice, metric: duplicateValues, arguments: { properties: [id] }, mustBeGreaterThan: 0 }',
      /^twice is 0; it must be greater than 0$/,
    ],
  ])('of %s holds the batch when it fails', async (_, quality, text) => {
    const lake = folder.lake({ models: [], contracts: [ticks({ quality: [quality] })] })
    const record = await lake.run({ contract: 'ticks', input: [await folder.write('checked.ndjson', ndjson(rows))] })
    expect(record).toMatchObject({ status: 'held', pipes: [{ in: 2, accepted: 0, held: 2 }] })
    expect(record.datasets[0]?.findings).toEqual([
      expect.objectContaining({ severity: 'error', text: expect.stringMatching(text) }),
    ])
    expect(Object.keys(await lake.files('silver')).filter(path => path.endsWith('.parquet'))).toEqual([])
  })

  it('of severity warn is reported and lets the batch pass', async () => {
    const quality = ['{ id: enough, metric: rowCount, mustBeGreaterThan: 2, severity: warn }']
    const lake = folder.lake({ models: [], contracts: [ticks({ quality })] })
    const record = await lake.run({ contract: 'ticks', input: [await folder.write('warned.ndjson', ndjson(rows))] })
    expect(record).toMatchObject({ status: 'published', datasets: [{ dataset: 'ticks', verdict: 'warn' }] })
    expect(await lake.rows('SELECT id FROM silver.ticks ORDER BY id')).toEqual([{ id: 'a' }, { id: 'b' }])
  })
})
