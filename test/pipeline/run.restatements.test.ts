import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeText, restatedLines } from '../../src/cli/render-restated.js'
import type { Contract, Threshold } from '../../src/contract/contract.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { PRICE, type TicksOptions, ticks } from '../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { type InputRow, ndjson } from '../support/records.js'

const HOUR = 3_600_000
const DAY = 86_400_000
const START = Date.UTC(2025, 0, 30)

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** Ten days over two months, at prices of their own. */
function days(factor = 1, id = 'acme', count = 10): InputRow[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ id, moment: new Date(START + at * DAY).toISOString() },
    price: Number((factor * (50 + 7 * Math.sin(at * 2))).toFixed(4)),
  }))
}

function contractsOf(options: TicksOptions, thresholds?: readonly Threshold[]): Contract[] {
  const contract = ticks({ partition: 'month', ...options })
  const books = folder.project.contracts.filter(({ dataset }) =>
    ['restatements', 'data_quality_metrics'].includes(dataset),
  )
  return [thresholds === undefined ? contract : { ...contract, thresholds }, ...books]
}

function limit(rule: string, parts: { maxShare?: number; maxRows?: number }): Threshold {
  return { rule, maxShare: undefined, maxRows: undefined, ...parts }
}

let inputs = 0
/** Runs batches one hour after another. */
async function runs(lake: TestLake, ...batches: readonly (readonly InputRow[])[]) {
  const records = []
  for (const [at, rows] of batches.entries()) {
    const input = await folder.write(`days-${inputs++}.ndjson`, ndjson(rows))
    records.push(await lake.run({ runId: `run-${at}`, contract: 'ticks', input: [input], nowMs: NOW + at * HOUR }))
  }
  return records
}

const CHANGES = `SELECT run_id, dataset, series, change::INTEGER AS change, kind, announced, rows::INTEGER AS rows,
  first_event::DATE::VARCHAR AS first, last_event::DATE::VARCHAR AS last, round(ratio, 4) AS ratio, columns, known_at, fate, verdict
  FROM gold.restatements ORDER BY ALL`

describe('a run that finds restatements', () => {
  it('of a contract that keeps versions, books each change of each series, and stores the rows as versions', async () => {
    const lake = folder.lake({ models: [], contracts: contractsOf({ mergePolicy: 'versions' }) })
    const [, again] = await runs(lake, days(), days(0.97))
    expect(again).toMatchObject({
      status: 'published',
      pipes: [{ accepted: 10, quarantined: 0, rules: { restated: 10, 'restated:back_adjustment': 10 } }],
      datasets: [{ dataset: 'ticks', restated: { series: 1, rows: 10, announced: 0, changes: 1 } }],
    })
    expect(await lake.rows(CHANGES)).toEqual([
      {
        ...{ run_id: 'run-1', dataset: 'ticks', series: 'acme', change: 1, kind: 'back_adjustment', announced: false },
        ...{ rows: 10, first: '2025-01-30', last: '2025-02-08', ratio: 0.97, columns: 'price' },
        ...{ known_at: '2026-02-01 01:00:00+00', fate: 'version', verdict: 'pass' },
      },
    ])
    const versions = 'SELECT count(*)::INTEGER AS versions FROM ticks_versions'
    expect(await lake.rows(versions)).toEqual([{ versions: 20 }])
    expect(restatedLines(again!.datasets)).toEqual([
      'ticks: 1 series restated, 10 rows',
      '  acme back-adjusted by 0.97 up to 2025-02-08, 10 rows',
    ])
    const metric = `SELECT failed::INTEGER AS failed, severity, verdict FROM gold.data_quality_metrics WHERE rule = 'restated' AND pipe <> ''`
    expect(await lake.rows(metric)).toEqual([{ failed: 10, severity: 'warn', verdict: 'pass' }])
  })

  it('of a contract that keeps the latest, counts what was replaced', async () => {
    const lake = folder.lake({ models: [], contracts: contractsOf({ mergePolicy: 'latest' }) })
    const [, again] = await runs(lake, days(), [...days(0.5).slice(0, 4), ...days().slice(4)])
    expect(again).toMatchObject({
      pipes: [{ accepted: 4, duplicate: 6 }],
      datasets: [{ moved: { silver: { left: 4 } } }],
    })
    expect(await lake.rows(CHANGES)).toMatchObject([{ kind: 'split', rows: 4, last: '2025-02-02', fate: 'replaced' }])
  })

  it('of a contract that keeps the first, has the new rows wait in conflict, and tells them as one change', async () => {
    const lake = folder.lake({ models: [], contracts: contractsOf({ mergePolicy: 'first' }) })
    const [, again] = await runs(lake, days(), days(0.97))
    expect(again).toMatchObject({ pipes: [{ accepted: 0, quarantined: 10, rules: { conflict: 10, restated: 10 } }] })
    expect(await lake.rows(CHANGES)).toMatchObject([{ kind: 'back_adjustment', rows: 10, fate: 'conflict' }])
    expect(await lake.rows('SELECT price::INTEGER AS price FROM ticks ORDER BY moment LIMIT 1')).toEqual([
      { price: 50 },
    ])
    expect(changeText(again!.datasets[0]!.restated!.largest[0]!)).toBe(
      'acme back-adjusted by 0.97 up to 2025-02-08, 10 rows (in conflict)',
    )
  })

  it('finds the same when it is done again under its id, and writes nothing', async () => {
    const lake = folder.lake({ models: [], contracts: contractsOf({ mergePolicy: 'versions' }) })
    const [, again] = await runs(lake, days(), days(0.97))
    const before = await lake.files()
    const input = await folder.write(`days-${inputs - 1}.ndjson`, ndjson(days(0.97)))
    const repeated = await lake.run({ runId: 'run-1', contract: 'ticks', input: [input], nowMs: NOW + 9 * HOUR })
    expect(repeated).toEqual({ ...again, repeated: true })
    expect(await lake.files()).toEqual(before)
  })

  it('compares with what was known, not with itself, when it replaces its partitions', async () => {
    const lake = folder.lake({ models: [], contracts: contractsOf({ mergePolicy: 'versions' }) })
    await runs(lake, days(), days(0.97))
    const replace = async (rows: readonly InputRow[], at: number) => {
      const input = await folder.write('replaced.ndjson', ndjson(rows))
      return lake.run({ contract: 'ticks', input: [input], replace: true, nowMs: NOW + at * HOUR })
    }
    expect((await replace(days(0.97), 2)).datasets[0]).not.toHaveProperty('restated')
    const { datasets } = await replace(days(0.95), 3)
    expect(datasets[0]?.restated).toMatchObject({ series: 1, rows: 10, changes: 1 })
  })

  it('tells of series and days that nobody expects', async () => {
    const lake = folder.lake({ models: [], contracts: contractsOf({ mergePolicy: 'versions', partition: 'year' }) })
    const odd = (price: number): InputRow[] =>
      ['it\'s a \\ "quote"', 'new\nline', '100%'].map((id, at) => ({
        ...{ id, price },
        moment: ['0999-01-05T10:00:00Z', '12026-01-05T10:00:00Z', '2026-01-05'][at],
      }))
    const [, again] = await runs(lake, odd(5), odd(6))
    const told = again!.datasets[0]!.restated!.largest.map(({ series, first_event }) => [series, first_event])
    expect(told).toContainEqual(['100%', '2026-01-05T00:00:00Z'])
    expect(told.length).toBe(again!.pipes[0]!.accepted)
    expect(restatedLines(again!.datasets).join('').includes('\n')).toBe(false)
  })

  it('finds nothing new in values that it had the first time', async () => {
    const lake = folder.lake({ models: [], contracts: contractsOf({ mergePolicy: 'versions' }) })
    const [first, again] = await runs(lake, days(), [...days(), ...days(1, 'new')])
    for (const record of [first, again]) expect(record!.datasets[0]).not.toHaveProperty('restated')
    expect(await lake.rows('SELECT * FROM gold.restatements')).toEqual([])
  })
})

describe('a vintage that its provider announced', () => {
  const options = {
    mergePolicy: 'versions',
    properties: [PRICE, '{ name: since, logicalType: date }'],
    vintage: 'since',
  } as const
  const vintage = (since: string, factor = 1) => days(factor).map(row => ({ ...row, since }))

  it('is a revision, and no threshold counts it', async () => {
    const contracts = contractsOf(options, [limit('restated', { maxRows: 0 })])
    const lake = folder.lake({ models: [], contracts })
    // The first run brings two vintages of what nobody knew before.
    const all = [...vintage('2025-03-01'), ...vintage('2025-04-01', 0.5)]
    const [first, again] = await runs(lake, all, [...all, ...vintage('2025-05-01', 0.25)])
    expect(first!.datasets[0]).not.toHaveProperty('restated')
    expect(again).toMatchObject({
      status: 'published',
      pipes: [{ accepted: 10, duplicate: 20 }],
      datasets: [{ restated: { rows: 10, announced: 10, changes: 1 } }],
    })
    expect(await lake.rows(CHANGES)).toMatchObject([
      { kind: 'revision', announced: true, rows: 10, columns: 'price', known_at: '2025-05-01 00:00:00+00' },
    ])
  })

  it('that is said anew with other figures is a restatement like any other', async () => {
    const lake = folder.lake({ models: [], contracts: contractsOf(options, [limit('restated', { maxRows: 3 })]) })
    const [, again] = await runs(lake, vintage('2025-03-01'), vintage('2025-03-01', 0.5))
    expect(again).toMatchObject({ status: 'held', datasets: [{ restated: { rows: 10, announced: 0 } }] })
  })
})

describe('a threshold for restated rows', () => {
  it.each<[string, Threshold, string | undefined]>([
    [
      'a share above its limit',
      limit('restated', { maxShare: 0.5 }),
      '10 of 10 rows restated (100 %); allowed: at most 50 %',
    ],
    [
      'a count above its limit',
      limit('restated', { maxRows: 9 }),
      '10 of 10 rows restated (100 %); allowed: at most 9 rows',
    ],
    ['a count at its limit', limit('restated', { maxRows: 10 }), undefined],
    [
      'a kind above its limit',
      limit('restated:split', { maxRows: 0 }),
      '10 of 10 rows restated (split) (100 %); allowed: at most 0 rows',
    ],
    ['another kind', limit('restated:unit_switch', { maxRows: 0 }), undefined],
  ])('of %s holds the batch or lets it pass', async (_, threshold, text) => {
    const lake = folder.lake({ models: [], contracts: contractsOf({ mergePolicy: 'versions' }, [threshold]) })
    const [, again] = await runs(lake, days(), days(0.5))
    expect(again!.datasets[0]!.findings.map(finding => finding.text)).toEqual(text === undefined ? [] : [text])
    expect(again!.status).toBe(text === undefined ? 'published' : 'held')
    const versions = await lake.rows('SELECT count(*)::INTEGER AS rows FROM ticks_versions')
    expect(versions).toEqual([{ rows: text === undefined ? 20 : 10 }])
    const fate = text === undefined ? { fate: 'version', verdict: 'pass' } : { fate: 'held', verdict: 'fail' }
    expect(await lake.rows(CHANGES)).toMatchObject([{ kind: 'split', rows: 10, ...fate }])
  })

  it('holds the pipe that restates, and lets the other go on; both stand in the table', async () => {
    await folder.write('quiet.ndjson', ndjson([...days(1, 'quiet'), { ...days(1, 'quiet')[0], price: 99 }]))
    await folder.write('loud.ndjson', ndjson([...days(1, 'loud')]))
    const pipe = (name: string) => `  - { name: ${name}, source: file, contract: ticks, input: ${name}.ndjson }\n`
    const lake = folder.lake({
      models: [],
      contracts: contractsOf({ mergePolicy: 'versions' }, [limit('restated', { maxRows: 5 })]),
      pipes: parsePipes(`pipes:\n${pipe('quiet')}${pipe('loud')}`, 'pipes/two.yaml'),
    })
    await lake.run({})
    await folder.write(
      'quiet.ndjson',
      ndjson(days(1, 'quiet').map((row, at) => (at === 1 ? { ...row, price: 77 } : row))),
    )
    await folder.write('loud.ndjson', ndjson(days(0.5, 'loud')))
    const record = await lake.run({ nowMs: NOW + HOUR })
    expect(record).toMatchObject({
      status: 'partial',
      pipes: [
        { pipe: 'quiet', held: 0 },
        { pipe: 'loud', accepted: 0, held: 10, rules: { 'restated:split': 10 } },
      ],
    })
    expect(
      await lake.rows('SELECT pipe, kind, rows::INTEGER AS rows, fate FROM gold.restatements ORDER BY pipe'),
    ).toEqual([
      { pipe: 'loud', kind: 'split', rows: 10, fate: 'held' },
      { pipe: 'quiet', kind: 'revision', rows: 2, fate: 'version' },
    ])
    expect(await lake.rows(`SELECT max(price)::INTEGER AS high FROM ticks_versions WHERE id = 'loud'`)).toEqual([
      { high: 57 },
    ])
  })

  it('is let pass by --allow-dq-breach, and the record says so', async () => {
    const contracts = contractsOf({ mergePolicy: 'versions' }, [limit('restated', { maxRows: 0 })])
    const lake = folder.lake({ models: [], contracts })
    await runs(lake, days())
    const input = await folder.write('breach.ndjson', ndjson(days(0.5)))
    const record = await lake.run({ contract: 'ticks', input: [input], allowDqBreach: true, nowMs: NOW + HOUR })
    expect(record).toMatchObject({ status: 'published', datasets: [{ verdict: 'fail', breach_allowed: true }] })
    expect(await lake.rows(CHANGES)).toMatchObject([{ fate: 'version', verdict: 'fail' }])
  })

  it('may name a kind of silver only, and an unknown one is pointed out', async () => {
    const text = (rule: string): Promise<unknown> =>
      Promise.resolve().then(() => ticks({ quality: [], maxShare: 1, thresholdRule: rule }))
    await expect(text('restated:unit_switch')).resolves.toBeDefined()
    expect((await errorOf(text('restated:unit_swich'))).message).toContain('restated:unit_switch')
  })
})
