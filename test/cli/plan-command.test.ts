import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { answerAsNbp } from '../pipeline/fetch/nbp-server.js'
import { serve } from '../sources/http/loopback.js'
import { type AskingProject, askingProject } from '../support/asking-project.js'

/** A Friday afternoon, as `--now` takes it. */
const NOW = '2026-01-30T13:00:00Z'
const NBP = '  - { name: nbp-a, source: nbp.rates, since: 2025-10-22, schedule: "20 12 * * *" }\n'

let project: AskingProject | undefined
afterEach(() => project?.remove())

async function open(pipes: string, limits?: string) {
  const server = await serve(answerAsNbp)
  project = await askingProject(server.url, pipes, limits)
  return { server, ...project }
}

describe('sluice plan', () => {
  it('says what a run would ask, and asks nobody and writes nothing', async () => {
    const { server, sluice, json, folder } = await open(NBP)
    const { code, out } = await sluice('plan', '--now', NOW)
    expect(code).toBe(0)
    expect(out).toContain('2 requests, 2 credits, size not known, a moment')
    expect(out).toMatch(/nbp-a +2 +2025-10-22T00:00:00.000Z +2026-01-31T00:00:00.000Z/)
    expect(out).toMatch(/nbp +1 +2 +2 +no limit/)
    expect(await json('plan', '--now', NOW)).toMatchObject({
      total: { calls: 2, credits: 2, bytes: null },
      pipes: [{ pipe: 'nbp-a', calls: 2, idle: null, intervals: [expect.any(String), expect.any(String)] }],
    })
    expect(server.asked).toEqual([])
    expect(await readdir(join(folder, 'data_lake')).catch(() => [])).toEqual([])
  })

  it('is what the run then does; after it, the sizes are known and the pipe waits for its schedule', async () => {
    const { server, sluice, json } = await open(NBP)
    const before = (await json('plan', '--now', NOW)) as { total: { calls: number } }
    expect((await sluice('run', '--now', NOW)).code).toBe(0)
    expect(server.asked).toHaveLength(before.total.calls)
    const { out } = await sluice('plan', '--now', NOW)
    expect(out).toContain('nothing to ask')
    expect(out).toMatch(/nbp-a +not due +2026-01-31T12:20:00.000Z/)
    const again = await json('plan', 'nbp-*', '--now', NOW)
    expect(again).toMatchObject({ total: { calls: 1, bytes: expect.any(Number) } })
  })

  it('takes an interval, whether it was fetched or not', async () => {
    const { server, sluice, json } = await open(NBP)
    await sluice('run', '--now', NOW)
    const flags = ['--from', '2025-11-03', '--to', '2025-11-10', '--now', NOW]
    expect(await json('plan', ...flags)).toMatchObject({
      interval: '2025-11-03T00:00:00.000Z/2025-11-10T00:00:00.000Z',
      pipes: [{ calls: 1, intervals: ['2025-11-03T00:00:00.000Z/2025-11-10T00:00:00.000Z'] }],
    })
    await sluice('run', ...flags)
    expect(server.asked.slice(2).map(({ url }) => url)).toEqual([
      '/exchangerates/tables/A/2025-11-03/2025-11-09?format=json',
    ])
  })

  it('says that what only knows the present has nothing to catch up with', async () => {
    const http = `  - name: ticker
    source: http
    contract: market_events
    http: { url: "http://127.0.0.1:9", path: /now, format: json, records: "$", columns: { price: "$.p" } }
`
    const { sluice, json } = await open(http)
    expect((await sluice('plan', '--now', NOW)).out).toMatch(/ticker +1 +now +knows only the present/)
    const flags = ['--from', '2025-11-03', '--now', NOW]
    const { out } = await sluice('plan', ...flags)
    expect(out).toContain('nothing to ask')
    expect(out).toContain('knows only the present: there is nothing to catch up with')
    expect(await json('run', ...flags)).toMatchObject({
      status: 'nothing_due',
      sources: [{ pipe: 'ticker', state: 'only the present', requests: 0 }],
    })
  })

  it('refuses with exit 2 what the credits of the month cannot hold, and still shows the plan', async () => {
    const { sluice } = await open(NBP, ', per_month: 1')
    const { code, out, err } = await sluice('plan', '--now', NOW)
    expect(code).toBe(2)
    expect(out).toMatch(/nbp-a +2 /)
    expect(err).toContain('error SLUICE_QUOTA_SHORT: nbp would take 2 credits, and 1 of 1 are left in ')
    expect(err).toContain('--part-way')
  })

  it.each([
    ['an end without a start', ['--to', '2026-01-01'], '--to needs --from'],
    ['an interval of no length', ['--from', '2026-01-02', '--to', '2026-01-02'], 'the interval is empty'],
    ['a start in the future', ['--from', '2026-02-02', '--now', NOW], 'is not before now'],
    ['no time', ['--from', 'yesterday'], '--from is no time'],
    ['a pipe that there is not', ['nbp-b'], 'No pipe, group or tag is called "nbp-b"'],
  ])('refuses %s', async (_, args, message) => {
    const { sluice } = await open(NBP)
    const { code, out, err } = await sluice('plan', ...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })
})

describe('sluice run, when the credits of the month are short', () => {
  it('refuses a run that names its pipes before the first request, unless it may stop part-way', async () => {
    const { server, sluice, json } = await open(NBP, ', per_month: 1')
    const named = ['run', '--select', 'nbp-a', '--now', NOW]
    const { code, err } = await sluice(...named)
    expect(code).toBe(2)
    expect(err).toContain('SLUICE_QUOTA_SHORT')
    expect(err).toContain('Nothing was asked')
    expect(server.asked).toEqual([])
    expect(await json(...named, '--part-way')).toMatchObject({ status: 'partial' })
    expect(server.asked).toHaveLength(1)
  })

  it('refuses an interval in the same way, and a dry run of it', async () => {
    const { server, sluice } = await open(NBP, ', per_month: 1')
    const flags = ['--from', '2025-10-22', '--to', '2026-01-30', '--now', NOW]
    expect((await sluice('run', ...flags)).code).toBe(2)
    expect((await sluice('run', ...flags, '--dry-run')).code).toBe(2)
    expect(server.asked).toEqual([])
  })

  it('goes as far as they do with whatever is due, so that other providers are not kept waiting', async () => {
    const { server, json } = await open(NBP, ', per_month: 1')
    expect(await json('run', '--now', NOW)).toMatchObject({
      sources: [{ state: 'failed', meaning: 'rate_limited', why: expect.stringContaining('credits') }],
    })
    expect(server.asked).toHaveLength(1)
  })
})
