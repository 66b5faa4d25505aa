import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PipeDeclaration } from '../../../src/pipeline/pipe-declaration.js'
import { PLAIN_DIALECT } from '../../../src/pipeline/resolve-pipes.js'
import { type Loopback, serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const DAY = 86_400_000
/** A Friday; table A of the day is out since 12:15 in Warsaw. */
const NOW = Date.UTC(2026, 0, 30, 13)

function nbpPipe(name: string, parts: Partial<PipeDeclaration> = {}): PipeDeclaration {
  return {
    name,
    source: 'nbp.rates',
    contract: 'fx_rates',
    group: 'fx',
    tags: [],
    params: { table: 'A' },
    input: [],
    dialect: PLAIN_DIALECT,
    map: {},
    mapPlaces: {},
    universe: 'closed',
    empty: 'refuse',
    capture: 'copy',
    sinceMs: NOW - 100 * DAY,
    declaredIn: { file: 'pipes/fx.yaml', line: 1, column: 1 },
    ...parts,
  }
}

/** Table A for every working day, as NBP answers: 404 for an interval without one. */
function answerAsNbp(
  request: IncomingMessage,
  response: ServerResponse,
  mid = (day: string) => Number(`3.${day.slice(-2)}`),
): void {
  const [, start, end] = /\/exchangerates\/tables\/A\/([\d-]+)\/([\d-]+)\?/.exec(request.url!)!
  const tables: unknown[] = []
  for (let ms = Date.parse(start!); ms <= Date.parse(end!); ms += DAY) {
    const day = new Date(ms).toISOString().slice(0, 10)
    if (![0, 6].includes(new Date(ms).getUTCDay())) {
      const rates = [{ currency: 'dolar amerykański', code: 'USD', mid: mid(day) }]
      tables.push({ table: 'A', no: `${day}/A/NBP`, effectiveDate: day, rates })
    }
  }
  if (tables.length === 0) response.writeHead(404).end('404 NotFound - Not Found - Brak danych')
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tables))
}

function lakeOn(server: Loopback, pipes: readonly PipeDeclaration[]): TestLake {
  const lake = folder.lake()
  const { config } = lake.project
  return lake.with({
    pipes,
    config: {
      ...config,
      lake: lake.root,
      providers: { nbp: { url: server.url, perSecond: 1000, burst: 100, concurrency: 8 } },
      network: { ...config.network, allowHosts: ['127.0.0.1'] },
    },
  })
}

describe('a pipe that asks a provider', () => {
  it('asks for what is missing in pieces that the provider takes, and publishes it', async () => {
    const server = await serve(answerAsNbp)
    const lake = lakeOn(server, [nbpPipe('nbp-a')])
    const record = await lake.run({ nowMs: NOW })
    expect(record.status).toBe('published')
    expect(server.asked.map(({ url }) => url)).toEqual([
      '/exchangerates/tables/A/2025-10-22/2026-01-22?format=json',
      '/exchangerates/tables/A/2026-01-23/2026-01-30?format=json',
    ])
    expect(record.pipes).toMatchObject([{ pipe: 'nbp-a', in: 73, accepted: 73, quarantined: 0 }])
    expect(record.sources).toMatchObject([{ pipe: 'nbp-a', state: 'answered', requests: 2, repeated: 0 }])
    expect(
      await lake.rows(
        `SELECT event_time, mid, _known_at, _known_basis FROM silver.fx_rates ORDER BY event_time DESC LIMIT 1`,
      ),
    ).toMatchObject([{ mid: '3.300000000000000000', _known_basis: 'rule' }])
  })

  it('asks only for the day that was not over when it runs again, and stores the same bytes once', async () => {
    const server = await serve(answerAsNbp)
    const lake = lakeOn(server, [nbpPipe('nbp-a')])
    await lake.run({ nowMs: NOW })
    const again = await lake.run({ nowMs: NOW + 3_600_000 })
    expect(server.asked.slice(2).map(({ url }) => url)).toEqual([
      '/exchangerates/tables/A/2026-01-30/2026-01-30?format=json',
    ])
    expect(again.status).toBe('published')
    const third = await lake.run({ nowMs: NOW + 7_200_000 })
    expect(third.status).toBe('nothing_due')
    expect(third.sources).toMatchObject([{ state: 'answered', requests: 1, repeated: 1 }])
    expect(await lake.rows('SELECT count(*)::INTEGER AS n FROM silver.fx_rates')).toEqual([{ n: 73 }])
  })
})

describe('when a provider does not answer as it should', () => {
  it('fails that pipe alone; what it was not told stays open', async () => {
    let broken = true
    const server = await serve((request, response) => {
      if (broken && request.url!.includes('2025-10-22'))
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
      else answerAsNbp(request, response)
    })
    const lake = lakeOn(server, [nbpPipe('nbp-a')])
    const config = { ...lake.project.config, fetch: { ...lake.project.config.fetch, attempts: 1 } }
    const record = await lake.with({ config }).run({ nowMs: NOW })
    expect(record.status).toBe('partial')
    expect(record.sources).toMatchObject([{ state: 'failed', meaning: 'blocked', requests: 2 }])
    expect(record.pipes).toMatchObject([{ accepted: 6 }])
    broken = false
    const next = await lake.run({ nowMs: NOW + 60_000 })
    expect(next.sources).toMatchObject([
      { state: 'answered', intervals: [expect.stringMatching(/^2025-10-22/), expect.anything()] },
    ])
    expect(await lake.rows('SELECT count(*)::INTEGER AS n FROM silver.fx_rates')).toEqual([{ n: 73 }])
  })

  it('says that every provider failed, and publishes nothing', async () => {
    const server = await serve((_, response) => response.writeHead(500).end())
    const lake = lakeOn(server, [nbpPipe('nbp-a')])
    const config = { ...lake.project.config, fetch: { ...lake.project.config.fetch, attempts: 1 } }
    const record = await lake.with({ config }).run({ nowMs: NOW })
    expect(record.status).toBe('failed')
    expect(record.sources).toMatchObject([{ state: 'failed', meaning: 'unavailable' }])
  })

  it('takes an answer without a record for none: the interval is asked for again', async () => {
    let silent = true
    const server = await serve((request, response) => {
      if (silent) response.writeHead(200, { 'content-type': 'application/json' }).end('{"tables": "moved"}')
      else answerAsNbp(request, response)
    })
    const lake = lakeOn(server, [nbpPipe('nbp-a', { sinceMs: NOW - 10 * DAY })])
    const record = await lake.run({ nowMs: NOW })
    expect(record.sources).toMatchObject([{ state: 'failed', meaning: 'mismatch' }])
    silent = false
    expect((await lake.run({ nowMs: NOW + 60_000 })).pipes).toMatchObject([{ accepted: 9 }])
  })

  it('goes on in the next run with what the time of this one was too short for', async () => {
    const server = await serve((request, response) => {
      if (request.url!.includes('2026-01-23')) return
      answerAsNbp(request, response)
    })
    const lake = lakeOn(server, [nbpPipe('nbp-a')])
    const config = { ...lake.project.config, fetch: { ...lake.project.config.fetch, deadlineMs: 700 } }
    const record = await lake.with({ config }).run({ nowMs: NOW })
    expect(record.status).toBe('partial')
    expect(record.sources).toMatchObject([{ state: 'not finished', meaning: 'not_finished' }])
    expect(record.pipes).toMatchObject([{ accepted: 67 }])
  })
})

describe('a correction of what was published before', () => {
  it('becomes a version when the days are asked again, known from when we saw it', async () => {
    let corrected = false
    const server = await serve((request, response) =>
      answerAsNbp(request, response, day => (corrected && day === '2026-01-28' ? 9.99 : Number(`3.${day.slice(-2)}`))),
    )
    const revisit = { lastMs: 7 * DAY, everyMs: DAY }
    const lake = lakeOn(server, [nbpPipe('nbp-a', { sinceMs: NOW - 20 * DAY, revisit })])
    await lake.run({ nowMs: NOW })
    corrected = true
    expect((await lake.run({ nowMs: NOW + 3_600_000 })).pipes).toMatchObject([{ accepted: 0 }])
    const record = await lake.run({ nowMs: NOW + DAY })
    expect(record.pipes).toMatchObject([{ accepted: 1 }])
    expect(
      await lake.rows(
        `SELECT mid, _known_basis FROM silver.fx_rates_versions WHERE event_time = '2026-01-28' ORDER BY _known_at`,
      ),
    ).toMatchObject([{ _known_basis: 'rule' }, { mid: '9.990000000000000000', _known_basis: 'captured' }])
  })
})
