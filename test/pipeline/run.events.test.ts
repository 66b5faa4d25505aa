import { writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { watchCommand } from '../../src/cli/watch-command.js'
import type { CloudEvent } from '../../src/pipeline/events/cloud-event.js'
import { decideBreakers } from '../../src/pipeline/holding/decide-breakers.js'
import { decideQuarantined } from '../../src/pipeline/holding/decide-quarantine.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import type { EventSettings } from '../../src/pipeline/project/project.js'
import { listTables } from '../../src/pipeline/read/tables.js'
import { serve } from '../sources/http/loopback.js'
import { ticks } from '../support/contracts.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson } from '../support/records.js'
import { faultsOf } from './events/conformance.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** A server that keeps the events that it was sent. */
async function receiver(status = 204, onEvent: () => void = () => undefined) {
  const events: CloudEvent[] = []
  const server = await serve((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      expect(faultsOf(text)).toEqual([])
      events.push(JSON.parse(text))
      response.writeHead(status).end(onEvent)
    })
  })
  return { url: server.url, events, take: () => events.splice(0).map(({ type, subject }) => `${type} ${subject}`) }
}

function lakeTelling(settings: Partial<EventSettings> | undefined): TestLake {
  const { config } = folder.project
  const pipe = (name: string) => `  - { name: ${name}, source: file, contract: ticks, input: ${name}.ndjson }\n`
  const lake = folder.lake({})
  return lake.with({
    models: [],
    contracts: [ticks({ maxShare: 0.3 })],
    pipes: parsePipes(`pipes:\n${pipe('one')}${pipe('two')}`, 'pipes/ticks.yaml'),
    config: {
      ...{ ...config, lake: lake.root, network: { ...config.network, allowHosts: ['127.0.0.1'] } },
      ...(settings && { events: { source: 'urn:sluice:test', deadlineMs: 20_000, attempts: 1, ...settings } }),
    },
  })
}

let batches = 0

/** Files of both pipes with four new rows; so many of them are bad. */
async function bring(bad: Readonly<Record<'one' | 'two', number>>): Promise<void> {
  batches++
  for (const [name, count] of Object.entries(bad)) {
    const rows = Array.from({ length: 4 }, (_, at) => ({
      ...{ id: `${name}${batches}-${at}`, moment: '2026-01-05T10:00:00Z' },
      price: at < count ? -1 : 5,
    }))
    await folder.write(`${name}.ndjson`, ndjson(rows))
  }
}

describe('the events of runs', () => {
  it('tell a failed gate and what goes stale, then that it is fresh, and nothing while nothing changes', async () => {
    const { url, take, events } = await receiver()
    const lake = lakeTelling({ webhook: { url } })
    await bring({ one: 0, two: 0 })
    expect((await lake.run({})).events).toEqual({ sent: 0, failed: 0 })
    await bring({ one: 2, two: 0 })
    const held = await lake.run({ runId: 'held' })
    expect([held.status, held.events]).toEqual(['partial', { sent: 3, failed: 0 }])
    expect(events[0]).toMatchObject({
      source: 'urn:sluice:test',
      data: { run_id: 'held', pipes: [{ pipe: 'one', held: 2 }] },
    })
    expect(take()).toEqual([
      'sluice.gate.failed silver.ticks',
      'sluice.breaker.changed silver.ticks',
      'sluice.dataset.stale silver.ticks',
    ])
    // Held unseen: the breaker was told of.
    await bring({ one: 0, two: 0 })
    await lake.run({})
    expect(take()).toEqual([])
    await bring({ one: 0, two: 0 })
    await lake.run({ nowMs: Date.now() + 86_400_000 })
    expect(take()).toEqual(['sluice.breaker.changed silver.ticks', 'sluice.dataset.fresh silver.ticks'])
  })

  it('tell of breakers that a person moves, and what follows for the dataset', async () => {
    const { url, take, events } = await receiver()
    const { project, ...lake } = lakeTelling({ webhook: { url } })
    await bring({ one: 0, two: 0 })
    await lake.run({})
    const trip = { move: 'trip', by: 'ada', reason: 'table A is wrong' } as const
    const tripped = await decideBreakers(project, { pipe: 'one' }, trip, { nowMs: NOW })
    expect(tripped.record?.events).toEqual({ sent: 2, failed: 0 })
    expect(events[0]!.data).toMatchObject({ changed: 1, changes: [{ pipe: 'one', from: 'closed', to: 'open' }] })
    expect(take()).toEqual(['sluice.breaker.changed silver.ticks', 'sluice.dataset.stale silver.ticks'])
    expect((await decideBreakers(project, { pipe: 'one' }, trip, { nowMs: NOW })).record?.events?.sent).toBe(1)
    take()
    await decideBreakers(project, {}, { move: 'reset', by: 'ada' }, { nowMs: NOW })
    expect(take()).toEqual(['sluice.breaker.changed silver.ticks', 'sluice.dataset.fresh silver.ticks'])
    expect(await decideBreakers(project, {}, { move: 'reset', by: 'ada' })).toEqual({ changes: [], record: undefined })
    expect(take()).toEqual([])
  })

  it('do not call a dataset fresh while a breaker holds a pipe of it, and a table is marked stale', async () => {
    const { url, take } = await receiver()
    const { project, ...lake } = lakeTelling({ webhook: { url } })
    const isStale = async () => (await listTables(project)).some(({ stale }) => stale !== undefined)
    await bring({ one: 2, two: 0 })
    await lake.run({})
    expect(take()).toContain('sluice.dataset.stale silver.ticks')
    const release = { move: 'release', by: 'ada', reason: 'seen' } as const
    await decideQuarantined(project, { kind: 'holds' }, release, { nowMs: NOW + 1 })
    expect([take().includes('sluice.dataset.fresh silver.ticks'), await isStale()]).toEqual([false, true])
    await bring({ one: 0, two: 0 })
    await lake.run({ nowMs: NOW + 86_400_000 })
    expect([take(), await isStale()]).toEqual([
      ['sluice.breaker.changed silver.ticks', 'sluice.dataset.fresh silver.ticks'],
      false,
    ])
  })

  it('are delivered by a status alone, however long the answer is, and whether it ends', async () => {
    const long = await serve((_, response) => void response.writeHead(200).end(Buffer.alloc(300_000)))
    const endless = await serve((_, response) => void response.writeHead(200).write('taken'))
    for (const { url } of [long, endless]) {
      const lake = lakeTelling({ webhook: { url } })
      await bring({ one: 4, two: 0 })
      expect((await lake.run({})).events).toEqual({ sent: 3, failed: 0 })
    }
  })

  it('are not sent again for a run that is done', async () => {
    const { url, take } = await receiver()
    const lake = lakeTelling({ webhook: { url } })
    await bring({ one: 4, two: 0 })
    const first = await lake.run({ runId: 'same' })
    expect(take()).toHaveLength(3)
    expect(await lake.run({ runId: 'same' })).toEqual({ ...first, repeated: true })
    expect(take()).toEqual([])
  })

  it('that cannot be delivered change nothing of the run, and stand in its record', async () => {
    const { url } = await receiver(500)
    await bring({ one: 4, two: 0 })
    const silent = await lakeTelling(undefined).run({})
    expect(silent).not.toHaveProperty('events')
    const lake = lakeTelling({ webhook: { url }, command: ['./nowhere'] })
    const record = await lake.run({ runId: 'told' })
    expect([record.status, record.pipes]).toEqual([silent.status, silent.pipes])
    const why = 'webhook: HTTP 500; command: the command could not be started (ENOENT)'
    expect(record.events).toEqual({ sent: 0, failed: 3, why })
    expect(await lake.rows('SELECT events.why AS why FROM ledger.runs')).toEqual([{ why }])
  })

  it('tell of a run that ended in an error, but not of one that only looked', async () => {
    const { url, events } = await receiver()
    const lake = lakeTelling({ webhook: { url } })
    const input = [join(folder.folder, 'nowhere.ndjson')]
    await expect(lake.run({ runId: 'lost', contract: 'ticks', input })).rejects.toThrow('nowhere.ndjson')
    expect(events).toMatchObject([
      { type: 'sluice.run.failed', subject: 'lost', data: { code: 'SLUICE_INPUT_MISSING', next: expect.any(String) } },
    ])
    await expect(lake.run({ dryRun: true, contract: 'ticks', input })).rejects.toThrow()
    expect(events).toHaveLength(1)
  })

  it('that nobody takes do not hide the error of a run', async () => {
    const { url } = await receiver(500)
    const lake = lakeTelling({ webhook: { url } })
    const input = [join(folder.folder, 'nowhere.ndjson')]
    await expect(lake.run({ contract: 'ticks', input })).rejects.toMatchObject({ code: 'SLUICE_INPUT_MISSING' })
  })

  it('are sent by the runs of a watch', async () => {
    const stop = new AbortController()
    const { url, take } = await receiver(204, () => stop.abort())
    const own = await projectFolder()
    const pipe = '{ name: lost, source: file, contract: market_events, input: lost.ndjson }'
    await writeFile(join(own.folder, 'pipes/sample.yaml'), `pipes:\n  - ${pipe}\n`)
    const settings = `network: { allow_hosts: ["127.0.0.1"] }\nevents: { webhook: { url: "${url}" } }\n`
    await writeFile(join(own.folder, 'sluice.yaml'), settings)
    try {
      const terminal = fakeTerminal({ folder: own.folder, env: {} })
      expect(await watchCommand([], {}, terminal, stop.signal)).toBe(0)
      expect(take()).toEqual([expect.stringMatching(/^sluice\.run\.failed [0-9A-Z]{26}$/)])
    } finally {
      await own.remove()
    }
  })
})
