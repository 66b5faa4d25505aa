import { readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { untoldLine } from '../../src/cli/render-events.js'
import { ownMark } from '../../src/core/process-mark.js'
import { noteBegun } from '../../src/pipeline/ledger/row-index.js'
import type { LineageEvent } from '../../src/pipeline/openlineage/lineage-event.js'
import type { LineageSettings } from '../../src/pipeline/project.js'
import { localStore } from '../../src/storage/local-store.js'
import { serve } from '../sources/http/loopback.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'
import { faultsOf } from './openlineage/conformance.js'

const NOW = Date.parse('2026-03-05T12:00:00Z')
const MARK = 'a-value-of-a-row'

let folder: ProjectFolder
let file: string
beforeAll(async () => {
  folder = await projectFolder()
  file = join(folder.folder, 'told', 'lineage.ndjson')
})
afterAll(() => folder.remove())

function lakeTelling(settings: Partial<LineageSettings>): TestLake {
  const lake = folder.lake()
  const { config, models } = folder.project
  const lineage = { namespace: 'desk', deadlineMs: 20_000, attempts: 1, ...settings }
  const network = { ...config.network, allowHosts: ['127.0.0.1'] }
  return lake.with({
    models: models.filter(({ table }) => table === 'price_bars'),
    config: { ...config, lake: lake.root, network, lineage },
  })
}

/** What was told since the last time. */
async function told(): Promise<LineageEvent[]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  await rm(file)
  expect(lines.flatMap(faultsOf)).toEqual([])
  expect(lines.join('\n')).not.toContain(MARK)
  return lines.map(line => JSON.parse(line) as LineageEvent)
}

const shown = (events: readonly LineageEvent[]) => events.map(({ eventType, job }) => `${eventType} ${job.name}`)
let batches = 0
const batch = async () => {
  const name = `batch${batches++}`
  const rows = [...trades(3, {}, name), ...trades(1, { price: MARK }, `${name}-bad`)]
  return folder.write(`${name}.ndjson`, ndjson(rows))
}
const load = async (lake: TestLake, runId: string) =>
  lake.run({ input: [await batch()], contract: 'market_events', runId, nowMs: NOW, allowDqBreach: true })

describe('what a run tells OpenLineage', () => {
  it('is a begin and an end of the run and of the job of each table that it filled', async () => {
    const record = await load(lakeTelling({ file }), 'one')
    const events = await told()
    const jobs = ['bronze.market_events', 'silver.market_events', 'gold.price_bars', 'gold.data_quality_metrics']
    expect(shown(events)).toEqual([
      'START sluice.run',
      ...jobs.flatMap(job => [`START ${job}`, `COMPLETE ${job}`]),
      'COMPLETE sluice.run',
    ])
    const runIds = new Set(events.map(({ run }) => run.runId))
    expect(runIds.size).toBe(jobs.length + 1)
    const { runId } = events[0]!.run
    for (const { run } of events.slice(1, -1)) expect(run.facets['parent']).toMatchObject({ run: { runId } })
    expect(record.lineage).toEqual({ sent: events.length, failed: 0 })

    const of = (job: string) => events.find(({ eventType, job: { name } }) => name === job && eventType !== 'START')!
    const silver = of('silver.market_events')
    const committed = record.tables.find(({ table }) => table === 'silver.market_events')!
    expect(silver.outputs[0]).toMatchObject({
      name: 'silver.market_events',
      facets: { version: { datasetVersion: committed.snapshot_id } },
      outputFacets: {
        outputStatistics: { rowCount: 3, size: committed.bytes_added, fileCount: committed.files.length },
      },
    })
    const { assertions } = silver.inputs[0]!.inputFacets!['dataQualityAssertions'] as unknown as {
      assertions: { assertion: string; success: boolean }[]
    }
    expect(assertions.find(({ assertion }) => assertion === 'type:price')).toMatchObject({
      ...{ success: false, column: 'price', severity: 'error', expected: '0', actual: '1' },
    })
    expect(assertions.find(({ assertion }) => assertion === 'type:size')).toMatchObject({ success: true, actual: '0' })
    const { fields } = of('gold.price_bars').outputs[0]!.facets['columnLineage'] as unknown as {
      fields: Record<string, { inputFields: { name: string; field: string }[] }>
    }
    expect(fields['close']!.inputFields).toContainEqual(
      expect.objectContaining({ namespace: 'desk', name: 'silver.market_events', field: 'price' }),
    )
  })

  it('has the same ids when the same run is told again elsewhere, and others in another namespace', async () => {
    const ids = async (settings: Partial<LineageSettings>) => {
      await load(lakeTelling({ file, ...settings }), 'again')
      return (await told()).map(({ run }) => run.runId)
    }
    const first = await ids({})
    expect(await ids({})).toEqual(first)
    expect((await ids({ namespace: 'other' })).filter(id => first.includes(id))).toEqual([])
  })

  it('is a failure when it ends in an error, with what the error says', async () => {
    const lake = lakeTelling({ file })
    await load(lake, 'first')
    const [begin] = await told()
    const table = join(lake.root, 'silver/market_events/contract_version=v1')
    await rm(table, { recursive: true })
    await writeFile(table, 'in the way')
    const { message } = await errorOf(load(lake, 'second'))
    const events = await told()
    expect(shown(events)).toEqual(['START sluice.run', 'FAIL sluice.run'])
    expect(events[1]!.run.facets['errorMessage']).toMatchObject({ message })
    expect(events[1]!.run.runId).toBe(events[0]!.run.runId)
    expect(events[0]!.run.runId).not.toBe(begin!.run.runId)
  })

  it('is another run when it is made again after its process died, whose end is told first', async () => {
    const lake = lakeTelling({ file })
    await load(lake, 'before')
    await told()
    // The note of an attempt whose process is gone.
    const started_at = new Date(NOW - 60_000).toISOString()
    const note = { attempt: '20260305T115900000-dead0000', run_id: 'killed', started_at, noted_ms: NOW - 60_000 }
    const works = { sluice_version: '0', pipes: [], datasets: ['market_events'] }
    await noteBegun(localStore(lake.root), { ...note, ...works, process: { ...ownMark(), start: '1' } })
    await load(lake, 'killed')
    const events = (await told()).filter(({ job }) => job.name === 'sluice.run')
    expect(shown(events)).toEqual(['FAIL sluice.run', 'START sluice.run', 'COMPLETE sluice.run'])
    const [died, begun, done] = events.map(({ run }) => run.runId)
    expect([begun === done, begun === died]).toEqual([true, false])
    expect(events[0]!.run.facets['nominalTime']).toBeUndefined()
  })
})

describe('an address that is told', () => {
  it('gets every event as JSON with the secret, in order, once', async () => {
    const bodies: string[] = []
    const heads: (string | undefined)[] = []
    const server = await serve((request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString('utf8'))
        heads.push(request.headers.authorization, request.headers['content-type'])
        response.writeHead(201).end()
      })
    })
    process.env['LINEAGE_SECRET_OF_TEST'] = 'shibboleth'
    await load(lakeTelling({ file, url: server.url, secret: 'LINEAGE_SECRET_OF_TEST' }), 'sent')
    const text = (await readFile(file, 'utf8')).trim()
    await rm(file)
    expect(bodies.join('\n')).toBe(text)
    expect(text).not.toContain('shibboleth')
    expect(new Set(heads)).toEqual(new Set(['Bearer shibboleth', 'application/json']))
  })

  it('that does not answer stops no run: a line says what was not told', async () => {
    const server = await serve(() => undefined)
    const record = await load(lakeTelling({ url: server.url, deadlineMs: 300 }), 'unsent')
    expect(record).toMatchObject({
      status: 'published',
      lineage: { sent: 0, failed: 10, why: expect.stringContaining('webhook') },
    })
    expect(untoldLine(record.lineage, fakeTerminal().colors, 'lineage events')).toMatch(
      /^10 of 10 lineage events could not be delivered: webhook: /,
    )
  })

  it('is not needed, nor is a file that can be written', async () => {
    const record = await load(lakeTelling({ file: join(await batch(), 'no', 'folder') }), 'unfiled')
    expect(record).toMatchObject({
      status: 'published',
      lineage: { sent: 0, failed: 10, why: 'file: it could not be written (ENOTDIR)' },
    })
  })
})
