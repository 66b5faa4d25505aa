import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkPipes, parsePipes } from '../../../src/pipeline/pipes/load-pipes.js'
import type { PipeDeclaration } from '../../../src/pipeline/pipes/pipe-declaration.js'
import { resolvePipes } from '../../../src/pipeline/pipes/resolve-pipes.js'
import { answerRecords } from '../../../src/sources/answers/answer-records.js'
import { openAnswerSpool } from '../../../src/sources/answers/answer-spool.js'
import { httpSource } from '../../../src/sources/generic/http-source.js'
import type { Pipe } from '../../../src/sources/pipe.js'
import { PLAIN_DIALECT } from '../../../src/sources/pipe.js'
import { type DuckDbConnection, testDuckDb } from '../../support/duckdb.js'
import { contractOf, projectOf } from '../../support/projects.js'
import { refusal } from '../../support/refusal.js'

const BARS = contractOf('bars', ['instrument_id', 'event_time', 'close', 'volume'])

const JSON_PIPE = `
  - name: x-{coin}
    source: http
    contract: bars
    for_each: { coin: [btc, eth] }
    map:
      instrument_id: "'crypto:x:' || {coin} || suffix"
      event_time: day
    http:
      url: https://api.example.com/v1/
      path: /{coin}/bars
      query: { from: "{start:date}", limit: 100 }
      records: $.data[*]
      columns: { day: $.meta.day }
      auth: { header: X-Key, key: X_KEY }
      paging: { cursor: { param: after, path: $.next }, max_pages: 5 }
      interval: { longest: P30D }
      limits: { per_second: 2, per_month: 1000 }
      empty_status: [404]
`

function declare(yaml: string): PipeDeclaration[] {
  return checkPipes(parsePipes(`pipes:${yaml}`, 'pipes/a.yaml'), [BARS])
}

let duckdb: DuckDbConnection
let folder: string
beforeAll(async () => {
  duckdb = await testDuckDb()
  folder = await mkdtemp(join(tmpdir(), 'sluice-http-'))
})
afterAll(async () => {
  duckdb.close()
  await rm(folder, { recursive: true, force: true })
})

it.each(['decimal_comma: true', 'missing: [n/a]', 'date_format: "%d.%m.%Y"', 'skip_lines: 1'])(
  'refuses %s, which only files have',
  async line => {
    const name = line.split(':')[0]
    const error = await refusal(() =>
      declare(JSON_PIPE.replace('    contract: bars\n', `    contract: bars\n    ${line}\n`)),
    )
    expect(error).toMatchObject({
      code: 'SLUICE_PIPE_INVALID',
      message: expect.stringContaining(`only files have \`${name}\``),
    })
  },
)

it('refuses an interval that no request would name', async () => {
  const without = JSON_PIPE.replace('from: "{start:date}", ', '')
  const error = await refusal(() => declare(without))
  expect(error).toMatchObject({
    code: 'SLUICE_PIPE_INVALID',
    message: expect.stringContaining('neither its path nor its query'),
  })
})

/** What one statement reads out of an answer to each pipe. */
async function records(pipes: readonly Pipe[], body: string) {
  const { source } = httpSource(pipes[0]!.http!)
  const spool = await openAnswerSpool(source, join(folder, `spool-${pipes[0]!.name}`))
  for (const [at, { name, params }] of pipes.entries())
    await spool.add({
      captureId: String(at).padStart(32, '0'),
      pipe: name,
      params,
      receivedAtMs: 0,
      body: Buffer.from(body),
    })
  await spool.close()
  const [statement, ...others] = answerRecords(source, BARS, pipes[0]!.map, spool)
  expect(others).toEqual([])
  const rows = await duckdb.rows(statement!.sql)
  return rows.map(({ instrument_id, event_time, close, volume, _extra }) => [
    instrument_id,
    event_time,
    close,
    volume,
    _extra,
  ])
}

describe('a pipe of source http', () => {
  it('becomes the declarations of a provider', async () => {
    const [pipe] = await resolvePipes(projectOf({ pipes: declare(JSON_PIPE) }), { select: [], params: {}, input: [] })
    const { provider, source } = httpSource(pipe!.http!)
    expect(provider).toMatchObject({
      name: 'http-api.example.com',
      url: 'https://api.example.com/v1',
      key: { setting: 'X_KEY', in: { header: 'X-Key' } },
      limits: { perSecond: 2, concurrency: 2, perMonth: 1000 },
    })
    expect(source).toMatchObject({
      contract: 'bars',
      asks: 'interval',
      longest: 'P30D',
      path: '/{coin}/bars',
      query: { from: '{start:date}', limit: '100' },
      paging: { by: 'cursor', param: 'after', path: '$.next', maxPages: 5 },
    })
  })

  it('shares one map and one block with the others of its declaration', async () => {
    const pipes = await resolvePipes(projectOf({ pipes: declare(JSON_PIPE) }), { select: [], params: {}, input: [] })
    expect(pipes.map(({ name, params }) => [name, params])).toEqual([
      ['x-btc', { coin: 'btc' }],
      ['x-eth', { coin: 'eth' }],
    ])
    expect(pipes[0]!.map).toBe(pipes[1]!.map)
    expect(pipes[0]!.http).toBe(pipes[1]!.http)
    expect(pipes[0]!.map['instrument_id']).toBe(`'crypto:x:' || (params->>'coin') || suffix`)
  })

  it('reads columns by map, by name and by place, the answers of all in one statement', async () => {
    const pipes = await resolvePipes(projectOf({ pipes: declare(JSON_PIPE) }), { select: [], params: {}, input: [] })
    const body =
      '{"data":[{"meta":{"day":"2024-01-02"},"close":1.25,"suffix":"-usd","more":true},{"close":12345678901234567890}]}'
    expect(await records(pipes, body)).toEqual([
      ['crypto:x:btc-usd', '2024-01-02', '1.25', null, expect.stringContaining('"more":true')],
      [null, null, '12345678901234567890', null, null],
      ['crypto:x:eth-usd', '2024-01-02', '1.25', null, expect.stringContaining('"more":true')],
      [null, null, '12345678901234567890', null, null],
    ])
  })

  it('reads a CSV', async () => {
    const yaml = `
  - name: csv
    source: http
    contract: bars
    delimiter: ";"
    map: { close: '"Last price"', volume: vol }
    http: { url: "https://csv.example", format: csv, columns: { event_time: Date } }
`
    const pipes = await resolvePipes(projectOf({ pipes: declare(yaml) }), { select: [], params: {}, input: [] })
    expect(pipes[0]?.dialect).toEqual({ ...PLAIN_DIALECT, delimiter: ';' })
    expect(await records(pipes, 'Date;Last price;vol;note\n2024-01-02;1,5;7;hm\n')).toEqual([
      [null, '2024-01-02', '1,5', '7', expect.stringContaining('"note":"hm"')],
    ])
  })

  it.each([
    ['no block', '\n  - { name: a, source: http, contract: bars }\n', 'needs the block `http`'],
    [
      'a block for another source',
      '\n  - { name: a, source: sample.bars, contract: bars, http: { url: "https://a.example" } }\n',
      'means nothing',
    ],
    ['no contract', '\n  - { name: a, source: http, http: { url: "https://a.example" } }\n', 'names no contract'],
    [
      'no address',
      '\n  - { name: a, source: http, contract: bars, http: { url: "file:///etc/passwd" } }\n',
      'address that is none',
    ],
    ['a placeholder of no parameter', JSON_PIPE.replace('/{coin}/bars', '/{cion}/bars'), 'Did you mean "coin"?'],
    ['an interval without one', JSON_PIPE.replace('      interval: { longest: P30D }\n', ''), '{start:date}'],
    [
      'other limits for the same host',
      `${JSON_PIPE}  - { name: b, source: http, contract: bars, http: { url: "https://api.example.com" } }\n`,
      'one ledger',
    ],
  ])('is refused with %s', async (_, yaml, message) => {
    const error = await refusal(() => declare(yaml))
    expect(error.code).toBe('SLUICE_PIPE_INVALID')
    expect(error.message).toContain(message)
    expect(error.place).toMatch(/^pipes\/a\.yaml:\d+:5$/)
  })
})

describe('parameters that a run gives', () => {
  const pipes = () =>
    checkPipes(
      parsePipes(
        'pipes:\n  - { name: t, source: nbp.rates, params: { table: null } }\n  - { name: "n-{table}", source: nbp.rates, for_each: { table: [A] } }\n',
        'pipes/a.yaml',
      ),
      [contractOf('fx_rates', ['x'])],
    )
  const resolve = (select: string, table: string) =>
    resolvePipes(projectOf({ pipes: pipes() }), { select: [select], params: { table }, input: [] })

  it('have to be what the source wants', async () => {
    expect((await resolve('t', 'B'))[0]?.params).toEqual({ table: 'B' })
    expect((await refusal(() => resolve('t', 'D'))).code).toBe('SLUICE_PIPE_INVALID')
  })

  it('cannot replace what for_each gave, because the name says so', async () => {
    expect((await refusal(() => resolve('n-A', 'B'))).message).toContain('from for_each')
  })
})
