import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { untoldLine } from '../../src/cli/render-events.js'
import { systemClock } from '../../src/core/clock.js'
import { SluiceError } from '../../src/core/errors.js'
import { ownMark } from '../../src/core/process-mark.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { isCaretaker, openAttempt } from '../../src/pipeline/ledger/attempt.js'
import { begunNotes, noteBegun } from '../../src/pipeline/ledger/row-index.js'
import type { LineageEvent } from '../../src/pipeline/openlineage/lineage-event.js'
import { openLineageStream } from '../../src/pipeline/openlineage/lineage-stream.js'
import type { LineageSettings } from '../../src/pipeline/project/project.js'
import { localStore } from '../../src/storage/local-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { serve } from '../sources/http/loopback.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { lossyStore } from '../support/lossy-store.js'
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

const JOBS = ['bronze.market_events', 'silver.market_events', 'gold.price_bars', 'gold.data_quality_metrics']

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
    const jobs = JOBS
    expect(shown(events)).toEqual([
      'START sluice.run',
      ...jobs.flatMap(job => [`START ${job}`, `COMPLETE ${job}`]),
      'COMPLETE sluice.run',
    ])
    const runIds = new Set(events.map(({ run }) => run.runId))
    expect(runIds.size).toBe(jobs.length + 1)
    const { runId } = events[0]!.run
    for (const { run } of events.slice(1, -1)) expect(run.facets['parent']).toMatchObject({ run: { runId } })
    // All but the run's own end, which is told once the record is stored.
    expect(record.lineage).toEqual({ sent: events.length - 1, failed: 0 })

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
    // Of all runs only caretakers look for attempts that have left nothing but their note.
    const killed = Array.from({ length: 100 }, (_, at) => `killed-${at}`).find(isCaretaker)!
    const started_at = new Date(NOW - 60_000).toISOString()
    const note = { attempt: '20260305T115900000-dead0000', run_id: killed, started_at, noted_ms: NOW - 60_000 }
    const works = { sluice_version: '0', pipes: [], datasets: ['market_events'] }
    await noteBegun(localStore(lake.root), { ...note, ...works, process: { ...ownMark(), start: '1' } })
    await load(lake, killed)
    const events = (await told()).filter(({ job }) => job.name === 'sluice.run')
    expect(shown(events)).toEqual(['FAIL sluice.run', 'START sluice.run', 'COMPLETE sluice.run'])
    const [died, begun, done] = events.map(({ run }) => run.runId)
    expect([begun === done, begun === died]).toEqual([true, false])
    expect(events[0]!.run.facets['nominalTime']).toBeUndefined()
  })
})

describe('the end of a run is told once:', () => {
  const work = { startedMs: NOW, wallMs: NOW, pipes: [], datasets: [] }
  const attemptIn = ({ project }: TestLake, store: ObjectStore, runId: string) =>
    openAttempt(store, runId, systemClock, {
      foundDead: true,
      listener: openLineageStream(project, systemDeps),
    })
  /** What is left of a process that died. */
  const died = async (lake: TestLake, store: ObjectStore): Promise<void> => {
    const [note] = await begunNotes(store)
    await writeFile(
      join(lake.root, `_ledger/begun/${note!.attempt}.json`),
      JSON.stringify({ ...note, process: { ...note!.process, start: '1' } }),
    )
  }
  const endsOf = (events: readonly LineageEvent[]) => {
    const [begin] = events
    return events.filter(({ run, eventType }) => run.runId === begin!.run.runId && eventType !== 'START')
  }

  it('where its record cannot be stored, after all tables were filled', async () => {
    const lake = lakeTelling({ file })
    await mkdir(lake.root, { recursive: true })
    await writeFile(join(lake.root, '_runs'), 'in the way')
    await errorOf(load(lake, 'unrecorded'))
    const ends = (await told()).filter(({ eventType }) => eventType !== 'START')
    expect(shown(ends)).toEqual([...JOBS.map(job => `COMPLETE ${job}`), 'FAIL sluice.run'])
  })

  it('where the disk stays full until its process is gone', async () => {
    const lake = lakeTelling({ file })
    const store = localStore(lake.root)
    const full = new SluiceError('SLUICE_STORE_FULL', 'no room')
    const isNote = (key: string) => key.startsWith('_ledger/begun/')
    const fullDisk: ObjectStore = {
      ...store,
      create: (key, body) => (isNote(key) ? store.create(key, body) : Promise.reject(full)),
    }
    const attempt = attemptIn(lake, fullDisk, 'full')
    await attempt.begin(work)
    await attempt.failed(full)
    await attempt.close()
    await died(lake, store)
    const next = attemptIn(lake, store, 'next')
    await next.begin(work)
    await next.close()
    expect(endsOf(await told())).toMatchObject([{ eventType: 'FAIL' }])
  })

  it('where an answer of a full disk is lost, and there is room when it is said again', async () => {
    const lake = lakeTelling({ file })
    const { store, lose } = lossyStore(localStore(lake.root))
    const attempt = attemptIn(lake, store, 'lost')
    await attempt.begin(work)
    lose(['done'], /^_attempts/)
    await attempt.failed(new SluiceError('SLUICE_STORE_FULL', 'no room'))
    await attempt.close()
    expect(endsOf(await told())).toMatchObject([
      { eventType: 'FAIL', run: { facets: { errorMessage: { message: 'no room' } } } },
    ])
  })

  it('where two runs find its process dead at once', async () => {
    const lake = lakeTelling({ file })
    const store = localStore(lake.root)
    await attemptIn(lake, store, 'dead').begin(work)
    await died(lake, store)
    const others = ['a', 'b', 'c'].map(runId => attemptIn(lake, store, runId))
    await Promise.all(others.map(other => other.begin(work)))
    for (const other of others) await other.close()
    expect(endsOf(await told())).toMatchObject([{ eventType: 'FAIL' }])
  })

  it('where another run has its id, and the note of it cannot be deleted at first', async () => {
    const lake = lakeTelling({ file })
    const store = localStore(lake.root)
    let refusals = 1
    const stuck: ObjectStore = {
      ...store,
      delete: key =>
        refusals-- > 0 ? Promise.reject(new SluiceError('SLUICE_STORE_UNAVAILABLE', 'stuck')) : store.delete(key),
    }
    const attempt = attemptIn(lake, stuck, 'taken')
    await attempt.begin(work)
    await attempt.failed(new SluiceError('SLUICE_RUN_ID_TAKEN', 'taken'))
    await attempt.close()
    expect(endsOf(await told())).toMatchObject([{ eventType: 'ABORT' }])
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
      lineage: { sent: 0, failed: 9, why: expect.stringContaining('webhook') },
    })
    expect(untoldLine(record.lineage, fakeTerminal().colors, 'lineage events')).toMatch(
      /^9 of 9 lineage events could not be delivered: webhook: /,
    )
  })

  it('is not needed, nor is a file that can be written', async () => {
    const record = await load(lakeTelling({ file: join(await batch(), 'no', 'folder') }), 'unfiled')
    expect(record).toMatchObject({
      status: 'published',
      lineage: { sent: 0, failed: 9, why: 'file: it could not be written (ENOTDIR)' },
    })
  })
})
