import { afterEach, describe, expect, it } from 'vitest'
import { systemDeps } from '../../src/pipeline/deps.js'
import { openBreakers } from '../../src/sources/http/breaker.js'
import { localStore } from '../../src/storage/local-store.js'
import { answerAsNbp } from '../pipeline/fetch/nbp-server.js'
import { serve } from '../sources/http/loopback.js'
import { type AskingProject, askingProject } from '../support/asking-project.js'

const NOW = '2026-01-30T13:00:00Z'
const PIPES = `  - { name: good, source: nbp.rates, since: 2026-01-20, tags: [fx] }
  - { name: bad, source: nbp.rates, params: { table: B }, since: 2026-01-20, schedule: "20 12 * * *" }
  - { name: never, source: nbp.rates, since: 2026-01-20, params: { table: null } }
  - { name: off, source: nbp.rates, since: 2026-01-20, enabled: false }
  - { name: bars, source: sample.bars, contract: bars }
`

let project: AskingProject | undefined
afterEach(() => project?.remove())

async function open(pipes = PIPES, limits?: string): Promise<AskingProject> {
  const server = await serve((request, response) => {
    if (request.url!.includes('/B/')) response.writeHead(500).end()
    else answerAsNbp(request, response)
  })
  project = await askingProject(server.url, pipes, limits)
  return project
}

describe('sluice pipes', () => {
  it('lists every pipe of a lake that nothing has run in', async () => {
    const { sluice, json } = await open()
    const { code, out } = await sluice('pipes')
    expect(code).toBe(0)
    expect(out).toContain('5 pipes: 4 never run, 1 disabled')
    expect(out).toMatch(/good +never run +every run +nbp\n/)
    expect(out).toMatch(/bad +never run +now +nbp\n/)
    expect(out).toMatch(/never +never run +by hand/)
    expect(out).toMatch(/off +disabled +never/)
    expect(await json('pipes', 'tag:fx')).toMatchObject({ pipes: [{ pipe: 'good', state: 'never run' }] })
  })

  it('says what became of each, why one fails, and the rows of its last run', async () => {
    const { sluice, json } = await open()
    await sluice('run', '--select', 'good', 'bad', 'bars', '--now', NOW)
    const { pipes } = (await json('pipes')) as { pipes: { pipe: string }[] }
    expect(pipes).toMatchObject([
      { pipe: 'good', state: 'ok', lastSuccess: '2026-01-30T13:00:00.000Z', lastRows: { in: 9, accepted: 9 } },
      { pipe: 'bad', state: 'failing', why: 'unavailable: HTTP 500', lastSuccess: null, due: 'schedule' },
      { pipe: 'never', state: 'never run', due: 'by hand' },
      { pipe: 'off', state: 'disabled' },
      { pipe: 'bars', state: 'ok', provider: null, lastRows: { accepted: expect.any(Number) } },
    ])
    expect((await sluice('pipes')).out).toMatch(/bad +failing +now +nbp +unavailable: HTTP 500/)
  })

  it('finds a pipe that needs a parameter under the values that it was run with', async () => {
    const { sluice, json } = await open()
    await sluice('run', '--select', 'never', '--param', 'table=A', '--now', NOW)
    expect(await json('pipes', 'never')).toMatchObject({ pipes: [{ state: 'ok', lastRows: { accepted: 9 } }] })
  })

  it('takes an answer in which no record was found for a failure', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"tables": "moved"}')
    })
    project = await askingProject(server.url, '  - { name: moved, source: nbp.rates, since: 2026-01-20 }\n')
    await project.sluice('run', '--now', NOW)
    expect(await project.json('pipes')).toMatchObject({ pipes: [{ state: 'failing', why: /no record/ }] })
  })

  it('shows credits, breaker, a key that is missing, and the terms once', async () => {
    const { sluice, json, folder } = await open(PIPES, ', per_month: 100')
    await sluice('run', '--select', 'good', '--now', NOW)
    const store = localStore(`${folder}/data_lake`)
    const until = { openedAtMs: 0, openUntilMs: Date.UTC(2090, 0, 1), openings: 1, why: 'HTTP 503' }
    await openBreakers({ ...systemDeps, store }).change(() => ({ value: { nbp: until }, result: undefined }))
    const { out } = await sluice('pipes')
    expect(out).toMatch(/nbp +4 +1 of 100 +open until 2090-01-01T00:00:00Z: HTTP 503/)
    expect(out.match(/Source: Narodowy Bank Polski/g)).toHaveLength(1)
    expect(out).toContain('may be passed on')
    expect(await json('pipes')).toMatchObject({
      providers: [{ perMonth: 100, creditsUsed: 1, terms: { redistribution: 'yes' } }],
    })
  })

  it('names the variable of a key that is needed and not there', async () => {
    const http = `  - name: keyed
    source: http
    contract: market_events
    http: { url: "https://example.com", path: /now, format: json, records: "$", columns: { price: "$.p" }, auth: { header: X-Key, key: EXAMPLE_KEY } }
`
    const { sluice } = await open(http)
    expect((await sluice('pipes')).out).toContain('missing: set EXAMPLE_KEY')
  })

  it('shows who has a pipe now', async () => {
    const { json, folder } = await open()
    const { openLeases } = await import('../../src/pipeline/fetch/leases.js')
    const { pipeKey } = await import('../../src/pipeline/fetch/pipe-book.js')
    const leases = openLeases({ ...systemDeps, store: localStore(`${folder}/data_lake`) })
    const key = pipeKey('good', { table: 'A' }, 'nbp.rates')
    await leases.take([key], 'other-run', { nowMs: 0, untilMs: Date.UTC(2090, 0, 1) })
    expect(await json('pipes', 'good')).toMatchObject({
      pipes: [{ state: 'leased', why: 'the run other-run has it now' }],
    })
    await leases.release('other-run')
    expect(await json('pipes', 'good')).toMatchObject({ pipes: [{ state: 'never run' }] })
  })

  it('refuses a name that there is not', async () => {
    const { code, err } = await (await open()).sluice('pipes', 'goood')
    expect(code).toBe(2)
    expect(err).toContain('Did you mean')
  })
})
