import type { RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CaptureRecord } from '../../../src/bronze/capture-record.js'
import { exitCodeOf } from '../../../src/cli/run-command.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import type { PipeDeclaration } from '../../../src/pipeline/pipes/pipe-declaration.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { run } from '../../../src/pipeline/run.js'
import { jumpClock } from '../../sources/http/jump-clock.js'
import { type Loopback, serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { answerAsNbp, DAY, NOW, nbpPipe } from './nbp-server.js'
import { answerRates, bytesIn, capturesIn, DAYS, jumpDeps, lakeWith, ratePipe, says } from './two-faced.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const MAX_BODY = 100_000

/** A server that gives the bad answer until it is told otherwise. */
interface Case {
  readonly name: string
  readonly bad: RequestListener
  readonly good?: RequestListener
  /** Of a provider that Sluice knows; else a pipe of source `http`. */
  readonly provider?: string
  readonly pipe?: Partial<PipeDeclaration>
  readonly meaning: string
  readonly why: RegExp
  /** What is kept as evidence: the classification of each capture. */
  readonly captured: readonly string[]
  readonly again?: string
}

interface Done {
  readonly lake: TestLake
  readonly first: RunRecord
  readonly second: RunRecord
  readonly captures: readonly CaptureRecord[]
}

/** One run with all bad answers beside two good pipes, and one more when the servers are well again. */
async function twoRuns(cases: readonly Case[]): Promise<Done> {
  let well = false
  const pipes: PipeDeclaration[] = []
  const providers: Record<string, Loopback> = {}
  const start = async ({ name, bad, good = answerRates, provider, pipe }: Case): Promise<void> => {
    const server = await serve((request, response) => (well ? good : bad)(request, response))
    if (provider !== undefined) providers[provider] = server
    pipes.push(
      provider === undefined ? ratePipe(name, server.url) : nbpPipe(name, { sinceMs: NOW - 30 * DAY, ...pipe }),
    )
  }
  for (const one of cases) await start(one)
  const good = await serve(answerRates)
  if (providers['nbp'] === undefined) {
    providers['nbp'] = await serve(answerAsNbp)
    pipes.push(nbpPipe('good-nbp', { sinceMs: NOW - 30 * DAY }))
  } else pipes.push(ratePipe('good-too', good.url))
  pipes.push(ratePipe('good', good.url))
  const fetch = { timeoutMs: 500, maxBodyBytes: MAX_BODY }
  const lake = lakeWith(folder, pipes, { providers, fetch })
  const clock = jumpClock(NOW)
  const deps = jumpDeps(clock, { COINGECKO_PRO_API_KEY: 'a-key-of-coingecko', STOOQ_API_KEY: 'a-key-of-stooq' })
  const first = await run(lake.project, PLAIN_RUN, deps)
  const captures = await capturesIn(lake)
  well = true
  clock.advance(2 * 60_000)
  const second = await run(lake.project, PLAIN_RUN, deps)
  return { lake, first, second, captures }
}

const sourceOf = ({ sources }: RunRecord, pipe: string) => sources!.find(source => source.pipe === pipe)!

const BODIES: readonly Case[] = [
  {
    name: 'a-web-page',
    bad: says(200, '<!DOCTYPE html><html><body>Just a moment...</body></html>'),
    meaning: 'blocked',
    why: /web page/,
    captured: ['blocked'],
  },
  { name: 'an-empty-body', bad: says(200, ''), meaning: 'truncated', why: /empty/, captured: ['truncated'] },
  {
    name: 'half-a-document',
    bad: says(200, '[{"day":"2026-01-05","code":"USD","rate":"3.05"},{"day":"2026'),
    meaning: 'truncated',
    why: /ends in the middle/,
    captured: ['truncated'],
  },
  {
    name: 'wrong-charset',
    bad: says(
      200,
      Buffer.from('[{"day":"2026-01-05","code":"z\u0142oty","rate":"3.05"}]'.replace('\u0142', '\u00b3'), 'latin1'),
    ),
    meaning: 'mismatch',
    why: /not UTF-8/,
    captured: ['mismatch'],
  },
  {
    name: 'nan',
    bad: says(200, '[{"day":"2026-01-05","code":"USD","rate":NaN}]'),
    meaning: 'mismatch',
    why: /holds NaN, at byte 41/,
    captured: ['mismatch'],
  },
  {
    name: 'cut-body',
    bad: (_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('[{"day":"2026-01-05","code":"USD","rate":"3.05"}', () => response.destroy())
    },
    meaning: 'truncated',
    why: /connection ended/,
    captured: ['truncated'],
  },
  {
    name: 'announced-2-gb',
    bad: (_, response) => {
      response.writeHead(200, { 'content-length': String(2 ** 31) })
      response.write('[')
    },
    meaning: 'refused',
    why: /2147483648 bytes; 100000 are allowed/,
    captured: [],
  },
  {
    name: 'endless',
    bad: (_, response) => {
      const more = (): void => void (response.destroyed || response.write(Buffer.alloc(65_536, ' '), () => more()))
      more()
    },
    meaning: 'refused',
    why: /more than 100000 bytes/,
    captured: [],
  },
  {
    name: 'gzip-bomb',
    bad: (_, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000, ' '))),
    meaning: 'refused',
    why: /gzip body holds more than 100000 bytes/,
    captured: [],
  },
  { name: 'silent', bad: () => undefined, meaning: 'unavailable', why: /in time/, captured: [] },
  {
    name: 'to-a-private-address',
    bad: says(302, '', { location: 'http://10.0.0.1/latest' }),
    meaning: 'refused',
    why: /10\.0\.0\.1 is not on the public internet/,
    captured: [],
  },
  {
    name: 'to-metadata',
    bad: says(307, '', { location: 'http://169.254.169.254/latest/meta-data/' }),
    meaning: 'refused',
    why: /169\.254\.169\.254 is not on the public internet/,
    captured: [],
  },
  {
    name: 'a-circle',
    bad: (request, response) =>
      void response
        .writeHead(302, { location: request.url!.endsWith('b') ? request.url!.slice(0, -1) : `${request.url}b` })
        .end(),
    meaning: 'refused',
    why: /redirect loop/,
    captured: [],
  },
]

const point = Date.UTC(2026, 0, 30, 11)

/** Own copies of bodies that providers were seen to give. */
const ERRORS: readonly Case[] = [
  {
    name: 'coingecko-422',
    provider: 'coingecko',
    pipe: {
      source: 'coingecko.simple_price',
      contract: 'market_events',
      params: { ids: 'bitcoin', vs_currencies: 'usd' },
      universe: 'open',
    },
    bad: says(422, '{"error":"Missing parameter vs_currency"}', { 'content-type': 'application/json' }),
    good: says(200, `{"bitcoin":{"usd":90000.5,"last_updated_at":${point / 1000}}}`),
    meaning: 'error',
    why: /HTTP 422: Missing parameter vs_currency/,
    captured: ['error'],
  },
  {
    name: 'coingecko-429',
    provider: 'coingecko-pro',
    pipe: {
      source: 'coingecko-pro.simple_price',
      contract: 'market_events',
      params: { ids: 'ethereum', vs_currencies: 'usd' },
      universe: 'open',
    },
    bad: says(
      429,
      `{"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing"}}`,
      { 'content-type': 'application/json', 'retry-after': '60' },
    ),
    good: says(200, `{"ethereum":{"usd":3000.5,"last_updated_at":${point / 1000}}}`),
    meaning: 'rate_limited',
    why: /HTTP 429: You've exceeded the Rate Limit/,
    captured: ['rate_limited'],
    again: '2026-01-30T13:01:00',
  },
  {
    name: 'http-500-as-coingecko',
    bad: says(500, '{"status":500,"error":"Internal Server Error"}', { 'content-type': 'application/json' }),
    meaning: 'unavailable',
    why: /HTTP 500: Internal Server Error/,
    captured: ['unavailable'],
  },
  {
    name: 'error-with-200',
    bad: says(200, '{"status":{"error_code":429,"error_message":"You\'ve exceeded the Rate Limit."}}'),
    meaning: 'rate_limited',
    why: /an error came with success: 429/,
    captured: ['rate_limited'],
  },
  {
    name: 'nbp-93-days',
    provider: 'nbp',
    bad: says(400, '400 BadRequest - Przekroczony limit 93 dni / Limit of 93 days has been exceeded'),
    good: answerAsNbp,
    meaning: 'error',
    why: /longer than 93 days/,
    captured: ['error'],
  },
  {
    name: 'stooq-limit',
    provider: 'stooq',
    pipe: { source: 'stooq.daily', contract: 'bars', params: { symbol: 'aapl.us', currency: '' }, universe: 'open' },
    bad: says(200, 'Przekroczony dzienny limit wywolan'),
    good: says(200, 'Date,Open,High,Low,Close,Volume\r\n2026-01-29,10,12,9,11,1000\r\n'),
    meaning: 'rate_limited',
    why: /requests of the day are used up/,
    captured: ['rate_limited'],
  },
]

describe.each([
  ['bodies and ways', BODIES, { good: DAYS, 'good-nbp': 23 }],
  ['error bodies of providers', ERRORS, { good: DAYS, 'good-too': DAYS }],
])('bad answers beside two good pipes: %s', (_, cases, published) => {
  let done: Done
  beforeAll(async () => {
    done = await twoRuns(cases)
  })

  it.each(cases)('$name is $meaning', ({ name, meaning, why, captured, again }) => {
    const { first, captures } = done
    expect(sourceOf(first, name)).toMatchObject({ state: 'failed', meaning, requests: 1 })
    expect(sourceOf(first, name).why).toMatch(why)
    expect(sourceOf(first, name).again_at ?? '').toMatch(again ?? /^$/)
    expect(captures.filter(({ pipe }) => pipe === name).map(({ classification }) => classification)).toEqual(captured)
  })

  it.each(cases)('$name is asked again, for the same', ({ name }) => {
    const { first, second } = done
    expect(sourceOf(second, name)).toMatchObject({
      state: 'answered',
      requests: 1,
      intervals: sourceOf(first, name).intervals,
    })
    expect(second.pipes.find(({ pipe }) => pipe === name)!.accepted).toBeGreaterThan(0)
  })

  it('publishes the good pipes, says by its exit code that some failed, and leaves nothing half-written', async () => {
    const { lake, first, second } = done
    expect(Object.fromEntries(first.pipes.map(({ pipe, accepted }) => [pipe, accepted]))).toEqual(published)
    expect([first, second].map(exitCodeOf)).toEqual([8, 0])
    const leftovers = (await bytesIn(lake.root)).filter(({ path }) => path.includes('.tmp-'))
    expect(leftovers).toEqual([])
  })
})
