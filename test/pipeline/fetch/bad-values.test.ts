import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../../src/cli/run-command.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import { run } from '../../../src/pipeline/run.js'
import { jumpClock } from '../../sources/http/jump-clock.js'
import { serve, serveTls } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { DAY, NOW, nbpPipe } from './nbp-server.js'
import { answerRates, capturesIn, jumpDeps, lakeWith, ratePipe, ratesFor, sendJson } from './two-faced.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** The rates of one currency as NBP answers, whichever was asked for. */
function nbpRates(url: string, code: string): object {
  const rates = ratesFor(url).map(day => {
    const { day: effectiveDate, rate } = day as { day: string; rate: string }
    return { no: `${effectiveDate}/A/NBP`, effectiveDate, mid: Number(rate) }
  })
  return { table: 'A', currency: code, code, rates }
}

const ecbCsv = (currency: string): string =>
  [
    'KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE',
    ...['28', '29'].map(day => `EXR.D.${currency}.EUR.SP00.A,D,${currency},EUR,SP00,A,2026-01-${day},1.19`),
    '',
  ].join('\r\n')

describe('an answer for another id than was asked for', () => {
  it('is published under its own name at most, never under the one that was asked for', async () => {
    const nbp = await serve((request, response) => sendJson(response, nbpRates(request.url!, 'EUR')))
    const pipes = [nbpPipe('usd', { source: 'nbp.rate', params: { table: 'A', code: 'USD' }, sinceMs: NOW - 10 * DAY })]
    const lake = lakeWith(folder, pipes, { providers: { nbp } })
    await run(lake.project, PLAIN_RUN, jumpDeps(jumpClock(NOW)))
    const ids = await lake.rows(
      `SELECT DISTINCT instrument_id AS id FROM silver.fx_rates WHERE instrument_id LIKE '%USD%'`,
    )
    expect(ids).toEqual([])
  })

  it('does not pass for it: nothing is published, and it is asked for again', async () => {
    let confused = true
    const nbp = await serve((request, response) => sendJson(response, nbpRates(request.url!, confused ? 'EUR' : 'USD')))
    const ecb = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'text/csv' }).end(ecbCsv(confused ? 'CHF' : 'USD')),
    )
    const good = await serve(answerRates)
    const sinceMs = NOW - 10 * DAY
    const pipes = [
      nbpPipe('usd', { source: 'nbp.rate', params: { table: 'A', code: 'USD' }, sinceMs }),
      nbpPipe('ecb-usd', { source: 'ecb.exchange_rates', params: { currency: 'USD' }, sinceMs }),
      ratePipe('good', good.url),
    ]
    const lake = lakeWith(folder, pipes, { providers: { nbp, ecb } })
    const deps = jumpDeps(jumpClock(NOW))
    const first = await run(lake.project, PLAIN_RUN, deps)
    expect(first.sources).toMatchObject([
      { pipe: 'usd', state: 'failed', meaning: 'mismatch' },
      { pipe: 'ecb-usd', state: 'failed', meaning: 'mismatch' },
      { pipe: 'good', state: 'answered' },
    ])
    expect(exitCodeOf(first)).toBe(8)
    expect((await capturesIn(lake)).map(({ pipe }) => pipe).sort()).toEqual(['ecb-usd', 'good', 'usd'])
    expect(await lake.rows(`SELECT DISTINCT source FROM silver.fx_rates`)).toEqual([{ source: 'good' }])
    confused = false
    const second = await run(lake.project, PLAIN_RUN, deps)
    expect(second.sources).toMatchObject([
      { state: 'answered', intervals: first.sources![0]!.intervals },
      { state: 'answered', intervals: first.sources![1]!.intervals },
      {},
    ])
    expect(
      await lake.rows(`SELECT DISTINCT instrument_id AS id FROM silver.fx_rates WHERE source <> 'good' ORDER BY 1`),
    ).toEqual([{ id: 'fx:ecb:EURUSD' }, { id: 'fx:nbp:USDPLN' }])
  })
})

describe('a CSV without a column that is needed', () => {
  it('holds no record, which is said, and stops no other pipe', async () => {
    const ecb = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'text/csv' }).end(ecbCsv('USD').replace('OBS_VALUE', 'VALUE')),
    )
    const good = await serve(answerRates)
    const pipes = [
      nbpPipe('ecb-usd', { source: 'ecb.exchange_rates', params: { currency: 'USD' }, sinceMs: NOW - 10 * DAY }),
      ratePipe('good', good.url),
    ]
    const lake = lakeWith(folder, pipes, { providers: { ecb } })
    const { sources } = await run(lake.project, PLAIN_RUN, jumpDeps(jumpClock(NOW)))
    expect(sources).toMatchObject([
      { pipe: 'ecb-usd', state: 'failed', meaning: 'mismatch' },
      { pipe: 'good', state: 'answered' },
    ])
    expect(await lake.rows(`SELECT DISTINCT source FROM silver.fx_rates`)).toEqual([{ source: 'good' }])
  })
})

describe('an empty list for days up to now', () => {
  const bar = (ms: number): unknown[] => [ms, '1', '1', '1', '1', '0', ms + DAY - 1, '0', 0, '0', '0', '0']
  const binancePipe = (name: string, days: number, parts = {}) =>
    nbpPipe(name, {
      ...{ source: 'binance.klines_1d', contract: 'bars', params: { symbol: `${name}USDT`, quote: 'USDT' } },
      ...{ universe: 'open', sinceMs: NOW - days * DAY },
      ...parts,
    })

  it('is none, unless the pipe allows it; one before the first bar of a pair is', async () => {
    const binance = await serve((request, response) => {
      const query = new URL(request.url!, 'http://x').searchParams
      const isNew = query.get('symbol') === 'NEWUSDT' && Number(query.get('endTime')) > NOW - DAY
      sendJson(response, isNew ? [bar(Math.floor(NOW / DAY) * DAY - 2 * DAY)] : [])
    })
    const pipes = [
      binancePipe('GONE', 30),
      binancePipe('QUIET', 30, { empty: 'allow' }),
      binancePipe('NEW', 1100),
      binancePipe('BRIEF', 2),
    ]
    const lake = lakeWith(folder, pipes, { providers: { binance } })
    const { sources } = await run(lake.project, PLAIN_RUN, jumpDeps(jumpClock(NOW)))
    expect(Object.fromEntries(sources!.map(({ pipe, state, why }) => [pipe, why ?? state]))).toEqual({
      GONE: 'nothing came between 2025-12-31 and 2026-01-30; `empty: allow` in the pipe takes that',
      QUIET: 'answered',
      NEW: 'answered',
      BRIEF: 'answered',
    })
  })
})

describe('an unknown currency', () => {
  it('is quarantined by its rule; where everything is of one, the gate holds the pipe', async () => {
    const some = await serve((request, response) =>
      sendJson(
        response,
        ratesFor(request.url!, day => (day === '2026-01-10' ? 'QQQ' : 'USD')),
      ),
    )
    const all = await serve((request, response) =>
      sendJson(
        response,
        ratesFor(request.url!, () => 'QQQ'),
      ),
    )
    const good = await serve(answerRates)
    const pipes = [ratePipe('some', some.url), ratePipe('all', all.url), ratePipe('good', good.url)]
    const lake = lakeWith(folder, pipes)
    const record = await run(lake.project, PLAIN_RUN, jumpDeps(jumpClock(NOW)))
    expect(record.sources!.map(({ state }) => state)).toEqual(['answered', 'answered', 'answered'])
    const pipe = (name: string) => record.pipes.find(one => one.pipe === name)
    expect(pipe('some')).toMatchObject({ in: 31, accepted: 30, quarantined: 1, rules: { unknown_base_currency: 1 } })
    expect(pipe('all')).toMatchObject({ in: 31, accepted: 0, rules: { unknown_base_currency: 31 } })
    expect(pipe('good')).toMatchObject({ accepted: 31 })
    expect(exitCodeOf(record)).toBe(8)
    expect(await lake.rows(`SELECT count(*)::INTEGER AS n FROM silver.fx_rates WHERE base_currency = 'QQQ'`)).toEqual([
      { n: 0 },
    ])
  })
})

describe('a certificate that has expired', () => {
  it('is a refusal of ours: the key is not sent, and the other pipes go on', async () => {
    const expired = await serveTls('expired', answerRates)
    const good = await serve(answerRates)
    const auth = { in: { header: 'x-key' }, setting: 'EXPIRED_KEY' }
    const pipes = [
      ratePipe('expired', expired.url, { auth }),
      ratePipe('good', good.url),
      ratePipe('good-too', good.url),
    ]
    const lake = lakeWith(folder, pipes, { fetch: { attempts: 4 } })
    const record = await run(lake.project, PLAIN_RUN, jumpDeps(jumpClock(NOW), { EXPIRED_KEY: 'k3y-of-a-provider' }))
    expect(record.sources).toMatchObject([
      { state: 'failed', meaning: 'refused', why: expect.stringContaining('certificate has expired'), requests: 1 },
      { state: 'answered' },
      { state: 'answered' },
    ])
    expect(expired.asked).toEqual([])
    expect(exitCodeOf(record)).toBe(8)
  })
})
