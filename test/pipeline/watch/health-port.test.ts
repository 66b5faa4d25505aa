import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { addRun, NO_FIGURES } from '../../../src/pipeline/watch/figures.js'
import { type HealthPort, openHealthPort } from '../../../src/pipeline/watch/health-port.js'
import { metricsText } from '../../../src/pipeline/watch/metrics-text.js'
import type { WatchStatus } from '../../../src/pipeline/watch/watch-status.js'
import { type WatchedPipe, watchAll } from '../../../src/pipeline/watch/watched-pipes.js'
import { errorOf } from '../../support/lakes.js'

const T0 = Date.UTC(2026, 0, 30, 12)

const STARTING: WatchStatus = {
  pipes: watchAll(['nbp-a', 'nbp-c'], T0),
  figures: NO_FIGURES,
  runningSinceMs: undefined,
  last: undefined,
  projectFault: undefined,
}

const RECORD = {
  run_id: 'r-1',
  status: 'partial',
  pipes: [
    {
      pipe: 'nbp-a',
      dataset: 'fx_rates',
      in: 5,
      accepted: 3,
      duplicate: 1,
      quarantined: 1,
      held: 0,
      not_final: 0,
      rules: {},
    },
    {
      pipe: 'nbp-c',
      dataset: 'fx_rates',
      in: 2,
      accepted: 0,
      duplicate: 0,
      quarantined: 0,
      held: 2,
      not_final: 0,
      rules: {},
    },
  ],
  sources: [
    {
      pipe: 'nbp-a',
      source: 'nbp.rates',
      provider: 'nbp',
      state: 'answered',
      intervals: [],
      requests: 3,
      bytes: 1,
      repeated: 0,
    },
  ],
} as unknown as RunRecord

function ran(pipes: Readonly<Record<string, WatchedPipe>>, parts: Partial<WatchStatus> = {}): WatchStatus {
  const run = {
    startedMs: T0,
    endedMs: T0 + 2000,
    due: 2,
    status: 'partial',
    record: RECORD,
    fault: undefined,
  } as const
  return {
    ...STARTING,
    pipes: new Map(Object.entries(pipes)),
    figures: addRun(NO_FIGURES, RECORD, 2),
    last: run,
    ...parts,
  }
}

const well = { failures: 0, succeededMs: T0 + 2000, nextMs: T0 + 60_000 }
const sick = { failures: 3, failingSinceMs: T0, why: 'HTTP 500', nextMs: T0 + 240_000 }

let status: WatchStatus | undefined
let port: HealthPort
beforeAll(async () => {
  port = await openHealthPort(0, () => status)
})
afterAll(() => port[Symbol.asyncDispose]())

/** As `fetch` does not, with any Host. */
function ask(path: string, options: { method?: string; host?: string } = {}) {
  return new Promise<{ code: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const headers = options.host === undefined ? {} : { host: options.host }
    const asked = request(`${port.url}${path}`, { method: options.method ?? 'GET', headers }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', chunk => (body += chunk))
      response.on('end', () => resolve({ code: response.statusCode!, headers: response.headers, body }))
    })
    asked.on('error', reject).end()
  })
}

async function healthWith(next: WatchStatus) {
  status = next
  const { code, body } = await ask('/healthz')
  return { code, health: JSON.parse(body) }
}

describe('/healthz', () => {
  it('starts well, before any run has ended', async () => {
    const { code, health } = await healthWith({ ...STARTING, runningSinceMs: T0 })
    expect([code, health.status, health.last_run, health.running_since]).toEqual([
      200,
      'starting',
      null,
      '2026-01-30T12:00:00.000Z',
    ])
  })

  it('tells of the last run and the next', async () => {
    const { code, health } = await healthWith(ran({ 'nbp-a': well, 'nbp-c': well }))
    expect(code).toBe(200)
    expect(health).toEqual({
      status: 'ok',
      running_since: null,
      last_run: {
        run_id: 'r-1',
        status: 'partial',
        started_at: '2026-01-30T12:00:00.000Z',
        finished_at: '2026-01-30T12:00:02.000Z',
        error: null,
      },
      next_due: '2026-01-30T12:01:00.000Z',
      pipes: { watched: 2, failing: 0 },
      failing_pipes: [],
      project_fault: null,
    })
  })

  it('names the pipes that fail, and is still 200 while others work', async () => {
    const { code, health } = await healthWith(ran({ 'nbp-a': well, 'nbp-c': sick }))
    expect([code, health.status]).toEqual([200, 'degraded'])
    expect(health.failing_pipes).toEqual([
      {
        pipe: 'nbp-c',
        since: '2026-01-30T12:00:00.000Z',
        failures: 3,
        why: 'HTTP 500',
        again_at: '2026-01-30T12:04:00.000Z',
      },
    ])
  })

  it('is degraded while the files of the project are broken', async () => {
    const { health } = await healthWith(ran({ 'nbp-a': well }, { projectFault: 'unknown key' }))
    expect([health.status, health.project_fault]).toEqual(['degraded', 'unknown key'])
  })

  it('is 503 when every pipe fails, or a run ended in an error', async () => {
    expect(await healthWith(ran({ 'nbp-a': sick }))).toMatchObject({ code: 503, health: { status: 'failing' } })
    const fault = { code: 'SLUICE_STORE_FAILED', message: 'disk full' }
    const last = { startedMs: T0, endedMs: T0, due: 1, status: 'error', record: undefined, fault } as const
    expect(await healthWith(ran({ 'nbp-a': well }, { last }))).toMatchObject({
      code: 503,
      health: { last_run: { run_id: null, status: 'error', error: fault } },
    })
  })

  it('names no more than a hundred of ten thousand', async () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`p-${at}`, sick]))
    const { health } = await healthWith(ran(many))
    expect(health.pipes).toEqual({ watched: 10_000, failing: 10_000 })
    expect(health.failing_pipes).toHaveLength(100)
  })
})

describe('/metrics', () => {
  it('is the text format 0.0.4: a help and a type for every name, before its samples', async () => {
    status = ran({ 'nbp-a': well, 'nbp-c': sick })
    const { code, headers, body } = await ask('/metrics')
    expect([code, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    expect(body.endsWith('\n')).toBe(true)
    const described = new Map<string, string>()
    for (const line of body.trimEnd().split('\n')) {
      const [, word, name, rest] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? []
      if (word === 'TYPE') described.set(name!, rest!)
      if (word !== undefined) continue
      const sample =
        /^([a-z_]+?)(_bucket|_sum|_count)?(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[\d.]+(e[+-]\d+)?$/.exec(line)
      expect(sample, line).not.toBeNull()
      expect(described.has(sample![1]!), line).toBe(true)
    }
  })

  it('adds up runs, rows and requests', () => {
    const lines = metricsText(ran({ 'nbp-a': well, 'nbp-c': sick })).split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'sluice_runs_total{status="partial"} 1',
        'sluice_rows_total{dataset="fx_rates",outcome="accepted"} 3',
        'sluice_rows_total{dataset="fx_rates",outcome="held"} 2',
        'sluice_http_requests_total{provider="nbp"} 3',
        'sluice_run_duration_seconds_bucket{le="1"} 0',
        'sluice_run_duration_seconds_bucket{le="5"} 1',
        'sluice_run_duration_seconds_bucket{le="+Inf"} 1',
        'sluice_run_duration_seconds_sum 2',
        'sluice_next_due_timestamp_seconds 1769774460',
        'sluice_pipe_last_success_timestamp_seconds{pipe="nbp-a"} 1769774402',
        'sluice_pipes{state="failing"} 1',
        'sluice_pipes{state="ok"} 1',
      ]),
    )
  })

  it('has a sample of at most a thousand pipes and a hundred providers', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`p-${at}`, well]))
    const sources = Array.from({ length: 300 }, (_, at) => ({ provider: `host-${at}`, requests: 2 }))
    const record = { ...RECORD, sources } as unknown as RunRecord
    const text = metricsText({ ...ran(many), figures: addRun(NO_FIGURES, record, 1) })
    expect(text.match(/^sluice_pipe_last_success_timestamp_seconds\{/gm)).toHaveLength(1000)
    expect(text.match(/^sluice_http_requests_total\{/gm)).toHaveLength(101)
    expect(text).toContain('sluice_http_requests_total{provider="other"} 400\n')
  })
})

describe('the port', () => {
  it.each([
    ['another path', '/', {}, 404],
    ['another method', '/healthz', { method: 'POST' }, 405],
    ['a HEAD', '/metrics', { method: 'HEAD' }, 405],
    ['the name of another host', '/healthz', { host: 'evil.example' }, 403],
    ['a name that begins as ours', '/metrics', { host: '127.0.0.1.evil.example' }, 403],
    ['our own name', '/healthz', { host: 'localhost:80' }, 200],
  ])('answers %s as it should', async (_, path, options, code) => {
    status = STARTING
    expect((await ask(path, options)).code).toBe(code)
  })

  it('is 503 before there is anything to tell', async () => {
    status = undefined
    expect((await ask('/healthz')).code).toBe(503)
  })

  it('that is taken is refused, and says that nothing was started', async () => {
    const taken = Number(new URL(port.url).port)
    const { code, message } = await errorOf(openHealthPort(taken, () => undefined))
    expect([code, message]).toEqual(['SLUICE_ARGUMENT_INVALID', expect.stringContaining('Nothing was started')])
  })
})
