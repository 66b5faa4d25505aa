import { readdir } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemDeps } from '../../src/pipeline/deps.js'
import { openQuotaLedger } from '../../src/sources/http/quota-ledger.js'
import { localStore } from '../../src/storage/local-store.js'
import { serve } from '../sources/http/loopback.js'
import { type AskingProject, askingProject } from '../support/asking-project.js'

const PIPES = `  - { name: table-a, source: nbp.rates }
  - { name: one, source: nbp.rate, params: { table: A, code: null }, enabled: false }
  - { name: bars, source: sample.bars, contract: bars }
`

let project: AskingProject | undefined
afterEach(() => project?.remove())

async function open(answer: RequestListener, pipes = PIPES, limits?: string) {
  const server = await serve(answer)
  project = await askingProject(server.url, pipes, limits)
  return { server, ...project }
}

/** Answers with tables of the given rates of one day. */
function tables(...rates: readonly Readonly<Record<string, unknown>>[]): RequestListener {
  const body = JSON.stringify([{ table: 'A', no: '1/A', effectiveDate: '2026-01-28', rates }])
  return (_, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json', etag: '"7"', 'x-ratelimit-left': '9', server: 'x' })
      .end(body)
}

const DOLLAR = { code: 'USD', currency: 'dolar', mid: 3.5 }

describe('sluice pipes test', () => {
  it('asks once and shows the answer and its records, and leaves no trace', async () => {
    const { server, sluice, folder } = await open(tables(DOLLAR, { code: 'EUR', currency: 'euro', mid: 4.25 }))
    const { code, out } = await sluice('pipes', 'test', 'table-a')
    expect(code).toBe(0)
    expect(server.asked).toHaveLength(1)
    expect(out).toMatch(/^table-a {2}data: /)
    expect(out).toMatch(/GET http:\/\/127.0.0.1:\d+\/exchangerates\/tables\/A\/[\d-]+\/[\d-]+\?format=json\n/)
    expect(out).toMatch(/Status 200 {2}\d+ B in /)
    expect(out).toContain('  etag: "7"\n  x-ratelimit-left: 9\n')
    expect(out).not.toContain('server: x')
    expect(out).toContain('The body begins\n  [{"table":"A"')
    expect(out).toContain('Records  2: 2 the contract would accept\n')
    expect(out).toMatch(/fx:nbp:USDPLN +2026-01-28/)
    expect(out).toMatch(/Nothing was written to the lake\.\n$/)
    expect(await readdir(join(folder, 'data_lake')).catch(() => [])).toEqual([])
  })

  it('names the rules that records break', async () => {
    const { sluice, json } = await open(tables(DOLLAR, { ...DOLLAR, code: 'EUR', mid: 'much' }))
    const { code, out } = await sluice('pipes', 'test', 'table-a')
    expect(code).toBe(0)
    expect(out).toContain('Records  2: 1 the contract would accept, 1 it would reject')
    expect(out).toContain('\n  rate_present: 1 row\n  type:mid: 1 row\n')
    expect(out).toMatch(/as they came\n.*"mid":"much"/)
    expect(await json('pipes', 'test', 'table-a')).toMatchObject({
      meaning: 'data',
      answer: { status: 200, begins: expect.stringMatching(/^\[\{/) },
      records: { records: 2, accepted: 1, broken: [{ rule: 'rate_present', rows: 1 }, { rule: 'type:mid' }] },
    })
  })

  it('takes parameters, and a pipe that is disabled', async () => {
    const answer: RequestListener = (request, response) => {
      const code = /rates\/A\/([A-Z]+)\//.exec(request.url!)?.[1]
      const rates = [{ no: '1', effectiveDate: '2026-01-28', mid: 1.5 }]
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ table: 'A', code, rates }))
    }
    const { sluice } = await open(answer)
    expect((await sluice('pipes', 'test', 'one', '--param', 'code=CHF')).out).toContain('fx:nbp:CHFPLN')
    expect(await sluice('pipes', 'test', 'one')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--param code='),
    })
  })

  it.each<[string, RequestListener, number, RegExp]>([
    [
      'a web page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>no'),
      3,
      /blocked: .*\n[\s\S]*<html>no/,
    ],
    ['a server in trouble', (_, response) => response.writeHead(503).end(), 4, /unavailable: HTTP 503/],
    ['no table', (_, response) => response.writeHead(404).end('404 NotFound'), 0, /empty: no table was published/],
    [
      'no record',
      (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":1}'),
      3,
      /none was found/,
    ],
    [
      'nothing that the contract takes',
      tables({ code: 'USD', mid: 'x' }),
      5,
      /0 the contract would accept, 1 it would reject/,
    ],
    [
      'bytes that are no text',
      (_, response) => response.writeHead(200).end(Buffer.from([0, 1, 255, 254])),
      3,
      /0001fffe \(hexadecimal\)/,
    ],
  ])('tells %s by its meaning and the exit code', async (_, answer, expected, text) => {
    const { code, out } = await (await open(answer)).sluice('pipes', 'test', 'table-a')
    expect(out).toMatch(text)
    expect(code).toBe(expected)
  })

  it('hides the key, and says when there is none', async () => {
    const server = await serve(tables(DOLLAR))
    const http = `{ url: "${server.url}", path: /x, format: json, records: "$[*].rates", columns: { mid: $.mid }, auth: { query: key, key: DEMO_KEY } }`
    project = await askingProject(server.url, `  - { name: keyed, source: http, contract: fx_rates, http: ${http} }\n`)
    const none = await project.sluice('pipes', 'test', 'keyed')
    expect(none).toMatchObject({
      code: 3,
      out: expect.stringContaining('there is no key: set DEMO_KEY or DEMO_KEY_FILE'),
    })
    expect(server.asked).toEqual([])
    const { out } = await project.with({ DEMO_KEY: 'a-very-secret-key' }).sluice('pipes', 'test', 'keyed')
    expect(server.asked[0]?.url).toContain('a-very-secret-key')
    expect(out).not.toContain('a-very-secret-key')
    expect(out).toContain('/x?key=***')
  })

  it('keeps to the rate and to the credits that runs have booked', async () => {
    const { server, sluice, folder } = await open(tables(DOLLAR), PIPES, ', per_month: 1')
    const ledger = openQuotaLedger({ ...systemDeps, store: localStore(join(folder, 'data_lake')) })
    const limits = { perSecond: 1, concurrency: 1, perMonth: 1 }
    const ask = { limits, count: 1, refund: 0, notAfterMs: Number.POSITIVE_INFINITY }
    await ledger.pause('nbp', limits, systemDeps.clock.now() + 3_600_000)
    expect(await sluice('pipes', 'test', 'table-a')).toMatchObject({
      code: 4,
      out: expect.stringContaining('its next turn is at'),
    })
    await ledger.reserve('nbp', ask)
    expect(await sluice('pipes', 'test', 'table-a')).toMatchObject({
      code: 4,
      out: expect.stringContaining('the 1 credits of this month are spent'),
    })
    expect(server.asked).toEqual([])
  })

  it('refuses a pipe that asks nobody, and one that there is not', async () => {
    const { sluice } = await open(tables(DOLLAR))
    expect((await sluice('pipes', 'test', 'bars')).err).toContain('bars asks nobody: it has the source sample.bars')
    expect((await sluice('pipes', 'test', 'table-b')).err).toContain('SLUICE_PIPE_UNKNOWN')
  })
})
