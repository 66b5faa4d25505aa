import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Deps, systemDeps } from '../../../src/pipeline/deps.js'
import { cloudEvent } from '../../../src/pipeline/events/cloud-event.js'
import { commandSink } from '../../../src/pipeline/events/command-sink.js'
import { deliver } from '../../../src/pipeline/events/deliver.js'
import type { Sink } from '../../../src/pipeline/events/sink.js'
import { webhookSink } from '../../../src/pipeline/events/webhook-sink.js'
import type { EventSettings } from '../../../src/pipeline/project/project.js'
import { serve } from '../../sources/http/loopback.js'
import { projectOf } from '../../support/projects.js'
import { faultsOf } from './conformance.js'

const MOMENT = { source: 'urn:sluice:demo', runId: 'r1', time: '2026-02-01T00:00:00.000Z' }
const EVENTS = ['a', 'b'].map(dataset => cloudEvent(MOMENT, 'sluice.dataset.stale', dataset, { dataset }))

let folder: string
const sinks: Sink[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-events-'))
})
afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.close()
  await rm(folder, { recursive: true, force: true })
})

function deliverTo(sinks: readonly Sink[], policy: { deadlineMs?: number; attempts?: number } = {}) {
  const deps = { ...systemDeps, wait: async () => undefined, random: () => 0 }
  const messages = EVENTS.map(event => ({ id: event.id, text: JSON.stringify(event) }))
  return deliver(messages, sinks, { deadlineMs: 20_000, attempts: 3, ...policy }, deps)
}

async function webhook(
  settings: NonNullable<EventSettings['webhook']>,
  { allowHosts = ['127.0.0.1'], env = {} }: { allowHosts?: string[]; env?: Deps['env'] } = {},
): Promise<Sink> {
  const project = projectOf({})
  const config = { ...project.config, network: { ...project.config.network, allowHosts } }
  const sink = await webhookSink(settings, { ...project, folder, config }, { ...systemDeps, env })
  sinks.push(sink)
  return sink
}

/** A server that remembers the bodies that it got, and answers each with the next status; the last one stays. */
async function receiver(statuses: readonly number[], headers: Record<string, string> = {}) {
  const bodies: string[] = []
  const server = await serve((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(`${request.method} ${Buffer.concat(chunks).toString('utf8')}`)
      response.writeHead(statuses[Math.min(bodies.length, statuses.length) - 1]!, headers).end('thank you')
    })
  })
  return { ...server, bodies }
}

describe('a webhook', () => {
  it('gets each event as a CloudEvent by POST, with its secret in a header', async () => {
    const server = await receiver([204])
    const sink = await webhook({ url: `${server.url}/in`, secret: 'HOOK' }, { env: { HOOK: 's3cret-token' } })
    expect(await deliverTo([sink])).toEqual({ sent: 2, failed: 0 })
    expect(server.bodies.map(body => body.slice(0, 5))).toEqual(['POST ', 'POST '])
    const texts = server.bodies.map(body => body.slice(5))
    expect(texts.map(text => JSON.parse(text))).toEqual(EVENTS)
    expect(texts.flatMap(faultsOf)).toEqual([])
    expect(server.asked[0]).toMatchObject({
      url: '/in',
      headers: {
        authorization: 'Bearer s3cret-token',
        'content-type': 'application/cloudevents+json; charset=UTF-8',
        'user-agent': expect.stringMatching(/^sluice\//),
      },
    })
  })

  it('can have the secret in a header of its own, and the secret never in an event', async () => {
    const server = await receiver([200])
    const env = { HOOK: 'sluice.dataset.stale' }
    const sink = await webhook({ url: server.url, secret: 'HOOK', header: 'X-Token' }, { env })
    await deliverTo([sink])
    expect(server.asked[0]?.headers['x-token']).toBe('sluice.dataset.stale')
    expect(server.bodies.join()).not.toContain('sluice.dataset.stale')
  })

  it.each([
    [[503, 200], 3, { sent: 2, failed: 0 }],
    [[429, 408, 200], 4, { sent: 2, failed: 0 }],
    [[500], 6, { sent: 0, failed: 2, why: 'webhook: HTTP 500' }],
    [[404], 2, { sent: 0, failed: 2, why: 'webhook: HTTP 404' }],
    [[404, 200], 2, { sent: 1, failed: 1, why: 'webhook: HTTP 404' }],
    [[302], 2, { sent: 0, failed: 2, why: 'webhook: HTTP 302' }],
  ])('that answers %j is asked %i times', async (statuses, asked, outcome) => {
    const server = await receiver(statuses, { location: '/elsewhere' })
    expect(await deliverTo([await webhook({ url: server.url })])).toEqual(outcome)
    expect(server.asked.length).toBe(asked)
  })

  it('that asks for a pause beyond the deadline is not waited for', async () => {
    const server = await receiver([503], { 'retry-after': '3600' })
    expect(await deliverTo([await webhook({ url: server.url })])).toMatchObject({ failed: 2, why: 'webhook: HTTP 503' })
    expect(server.asked.length).toBe(2)
  })

  it('that never answers is left when the time is up', async () => {
    const server = await serve(() => undefined)
    const told = await deliverTo([await webhook({ url: server.url })], { deadlineMs: 50 })
    expect(told).toEqual({ sent: 0, failed: 2, why: expect.stringMatching(/^webhook: /) })
  })

  it('is refused at an address that is not public, unless the project allows the host', async () => {
    const server = await receiver([200])
    const why = expect.stringContaining('not on the public internet')
    expect(await deliverTo([await webhook({ url: server.url }, { allowHosts: [] })])).toEqual({
      sent: 0,
      failed: 2,
      why,
    })
    expect(server.asked).toEqual([])
  })

  it('gets nothing without the secret that it should come with, nor over plain http', async () => {
    const server = await receiver([200])
    const unset = await deliverTo([await webhook({ url: server.url, secret: 'HOOK' })])
    expect(unset).toEqual({ sent: 0, failed: 2, why: 'webhook: the variable HOOK is not set' })
    const plain = await webhook({ url: 'http://hooks.invalid/x', secret: 'HOOK' }, { env: { HOOK: 'abcdefgh' } })
    const told = await deliverTo([plain])
    expect(told.why).toBe('webhook: the key would go to hooks.invalid without encryption')
    expect(server.asked).toEqual([])
  })
})

describe('a command', () => {
  const node = (script: string, ...args: string[]) =>
    commandSink([process.execPath, '-e', script, ...args], folder, { ...process.env })

  it('gets each event on its standard input, its arguments as they are, in the project folder', async () => {
    const script = `const fs = require('fs'); fs.appendFileSync('told', process.argv[1] + fs.readFileSync(0, 'utf8'))`
    expect(await deliverTo([node(script, '$(id) ; ')])).toEqual({ sent: 2, failed: 0 })
    const lines = (await readFile(join(folder, 'told'), 'utf8')).trim().split('\n')
    expect(lines.map(line => line.slice(0, 8))).toEqual(['$(id) ; ', '$(id) ; '])
    expect(lines.map(line => JSON.parse(line.slice(8)))).toEqual(EVENTS)
  })

  it.each([
    ['process.exit(3)', 'command: the command ended with exit code 3'],
    ['process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 1e6)', 'command: the command was ended by SIGTERM'],
  ])('that does %s has not been told', async (script, why) => {
    expect(await deliverTo([node(script)], { attempts: 2 })).toEqual({ sent: 0, failed: 2, why })
  })

  it('may end without reading', async () => {
    expect(await deliverTo([node('process.stdin.destroy()')])).toEqual({ sent: 2, failed: 0 })
  })

  it('that is not there, or has an impossible name, is told as that', async () => {
    const absent = await deliverTo([commandSink(['./nowhere'], folder, {})])
    expect(absent.why).toBe('command: the command could not be started (ENOENT)')
    const impossible = await deliverTo([commandSink(['a\0b'], folder, {})])
    expect(impossible).toMatchObject({ sent: 0, failed: 2, why: expect.stringContaining('could not be started') })
  })

  it('that does not end is killed with all that it started when the time is up', async () => {
    const script = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => require("fs").writeFileSync("alive", ""), 20)'])
      setInterval(() => {}, 1e6)`
    expect(await deliverTo([node(script)], { deadlineMs: 300 })).toEqual({
      ...{ sent: 0, failed: 2 },
      why: 'command: the time was up',
    })
    await rm(join(folder, 'alive'), { force: true })
    const again = await deliverTo([node('setTimeout(() => process.exit(0), 150)')])
    expect([again.sent, existsSync(join(folder, 'alive'))]).toEqual([2, false])
  })
})

describe('two sinks', () => {
  it('do not hold each other up: an event is sent when both have it', async () => {
    const server = await receiver([200])
    const broken = commandSink(['./nowhere'], folder, {})
    expect(await deliverTo([await webhook({ url: server.url }), broken])).toEqual({
      ...{ sent: 0, failed: 2 },
      why: 'command: the command could not be started (ENOENT)',
    })
    expect(server.asked.length).toBe(2)
  })
})
