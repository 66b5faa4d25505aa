import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { byteSize } from '../../src/core/byte-size.js'
import { rangesFor } from '../../src/gold/key-ranges.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, ndjson, trades } from '../support/records.js'

/** After a wanted change of rows or bytes: UPDATE_FIXTURES=1 npx vitest run test/pipeline/run.determinism.test.ts */
const FIXTURE = fileURLToPath(new URL('../fixtures/sample-lake.json', import.meta.url))
const TABLES = ['silver.bars', 'silver.market_events', 'gold.price_bars', 'gold.risk_metrics', 'gold.risk_summary']

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** Hashes of the published bytes of silver and gold: the partition and the content, without what names the run. */
async function published(lake: TestLake): Promise<Record<string, string>> {
  const files = { ...(await lake.files('silver')), ...(await lake.files('gold')) }
  const kept = Object.entries(files).filter(
    ([path]) => path.endsWith('.parquet') && !path.includes('data_quality_metrics'),
  )
  return Object.fromEntries(kept.map(([path, sha256]) => [path.replace(/run_id=.*$/, ''), sha256]).sort())
}

function lakeWith(threads: number, memoryLimit = '1GB'): TestLake {
  const lake = folder.lake({})
  return lake.with({
    config: { ...lake.project.config, engine: { ...lake.project.config.engine, threads, memoryLimit } },
  })
}

describe('silver and gold bytes', () => {
  it('are the same with one and with two threads, with another memory limit and another run id', async () => {
    const events = await folder.write('events.ndjson', ndjson(trades(1500)))
    const bars = await folder.write(
      'bars.ndjson',
      ndjson(
        Array.from({ length: 35 }, (_, at) => bar(new Date(Date.UTC(2025, 11, 1 + at)).toISOString(), 100 + (at % 7))),
      ),
    )
    const bytes = []
    for (const [runId, threads, memory] of [
      ['one', 1, '1GB'],
      ['tight', 2, '512MB'],
    ] as const) {
      const lake = lakeWith(threads, memory)
      await lake.run({ runId, input: [events] })
      await lake.run({ runId: `${runId}-bars`, input: [bars], contract: 'bars' })
      bytes.push(await published(lake))
    }
    expect(Object.keys(bytes[0]!).length).toBeGreaterThan(25)
    expect(bytes[1]).toEqual(bytes[0])
  })

  it('are the same when little memory cuts the series of a model into ranges', async () => {
    const [bytes, ranges]: [Record<string, string>[], number[]] = [[], []]
    for (const memory of ['1GB', '120MB']) {
      const { project } = lakeWith(2, memory)
      const landing = folder.lake()
      await landing.run({ runId: `of-${memory}`, select: ['sample-bars'] })
      const lake = landing.with({ models: project.models, config: { ...project.config, lake: landing.root } })
      await lake.derive({ runId: `derived-of-${memory}` })
      bytes.push(await published(lake))
      const [read] = await lake.rows(
        'SELECT (SELECT count(*) FROM gold.risk_metrics) + (SELECT count(*) FROM gold.returns_daily) AS rows',
      )
      ranges.push(rangesFor(Number(read?.['rows']), byteSize(memory)))
    }
    // What var_backtest reads: all of it at once, and in ranges.
    expect(ranges).toEqual([1, 2])
    expect(bytes[1]).toEqual(bytes[0])
  })

  it('and rows of the sample lake are those of the fixture', async () => {
    const lake = lakeWith(2)
    const record = await lake.run({ runId: 'sample' })
    const texts = await Promise.all(TABLES.map(table => lake.text(`SELECT * FROM ${table} ORDER BY ALL`)))
    const files = Object.entries(await published(lake)).map(([path, hash]) => `${path} ${hash}`)
    const found = {
      writer: `${record.engine_version} ${record.platform}`,
      rows: Object.fromEntries(TABLES.map((table, at) => [table, sha256(texts[at]!)])),
      files: Object.fromEntries(
        TABLES.map(table => [table, sha256(files.filter(line => line.startsWith(table.replace('.', '/'))).join('\n'))]),
      ),
    }
    if (process.env['UPDATE_FIXTURES'] === '1') await writeFile(FIXTURE, `${JSON.stringify(found, null, 2)}\n`)
    const expected = JSON.parse(await readFile(FIXTURE, 'utf8'))
    expect(found.rows).toEqual(expected.rows)
    if (found.writer === expected.writer) expect(found.files).toEqual(expected.files)
    else console.warn(`NOT TESTED: bytes of the sample lake, known for ${expected.writer}, not for ${found.writer}`)
  })
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
