import { readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { USAGE_FIGURES } from '../../../src/finops/usage.js'
import type { CostReport } from '../../../src/pipeline/cost/cost-report.js'
import type { RunPlan } from '../../../src/pipeline/pipes/plan-run.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { type Loopback, serve } from '../../sources/http/loopback.js'
import { type AskingProject, askingProject } from '../../support/asking-project.js'
import { answerAsNbp } from '../fetch/nbp-server.js'

const PIPES = `  - { name: nbp-a, source: nbp.rates, since: 2025-10-22 }
  - { name: nbp-b, source: nbp.rates, since: 2025-10-22 }
`
const week = (from: string, to: string, now: string) => ['--from', from, '--to', to, '--now', `${now}T13:00:00Z`]
const FIRST = week('2025-11-03', '2025-11-10', '2026-01-30')
const SECOND = week('2025-11-10', '2025-11-17', '2026-01-31')
const THIRD = week('2025-11-17', '2025-11-24', '2026-01-31')
const FOURTH = week('2025-11-24', '2025-12-01', '2026-02-01')

let server: Loopback
let project: AskingProject
beforeAll(async () => {
  server = await serve((request, response) => answerAsNbp(request, response))
  project = await askingProject(server.url, PIPES)
  for (const [id, flags] of Object.entries({ first: FIRST, second: SECOND, third: THIRD }))
    expect((await project.sluice('run', '--run-id', id, ...flags)).code).toBe(0)
})
afterAll(() => project.remove())

const cost = (...args: string[]) => project.json('cost', ...args) as Promise<CostReport>

describe('what runs cost', () => {
  it.each(['pipe', 'dataset', 'day', 'pipe,dataset,day'])('by %s adds up to the whole, exactly', async by => {
    const { rows, total } = await cost('--by', by)
    expect(rows.length).toBeGreaterThan(by === 'dataset' ? 0 : 1)
    for (const name of USAGE_FIGURES)
      expect(
        rows.reduce((sum, { usage }) => sum + usage[name], 0),
        name,
      ).toBe(total.usage[name])
    expect(sumOf(rows.map(row => row.cost.once))).toBe(scaled(total.cost.once))
  })

  it('is what the records of the runs say', async () => {
    const { total } = await cost()
    const records = (await project.json('runs')) as RunRecord[]
    const sum = (pick: (record: RunRecord) => number) => records.reduce((all, record) => all + pick(record), 0)
    expect(total).toMatchObject({
      runs: 3,
      usage: {
        provider_requests: sum(({ usage }) => usage.http_requests),
        bytes_written: sum(({ usage }) => usage.bytes_written),
        store_lists: sum(({ usage }) => usage.store_requests['list']!),
        wall_ms: Math.round(sum(({ usage }) => usage.wall_seconds * 1000)),
      },
    })
    expect(total.usage.provider_requests).toBe(server.asked.length)
    expect(total.usage.store_gets).toBeGreaterThan(sum(({ usage }) => usage.store_requests['get']!))
  })

  it('is asked of a run, of a pipe, and of a time, half-open', async () => {
    expect((await cost('second')).total).toMatchObject({ runs: 1, usage: { provider_requests: 2 } })
    const pipe = await cost('nbp-a')
    expect(pipe.rows.map(row => [row.day, row.runs])).toEqual([
      ['2026-01-30', 1],
      ['2026-01-31', 2],
    ])
    const late = await cost('--since', '2026-01-30T13:00:00Z', '--until', '2026-01-31T13:00:00Z')
    expect(late.total.runs).toBe(1)
  })

  it('of what is not there is an error that names what is', async () => {
    const unknown = await project.sluice('cost', 'nbp-c')
    expect([unknown.code, unknown.err]).toEqual([
      2,
      expect.stringMatching(/SLUICE_RUN_UNKNOWN.*nbp-c[\s\S]*Did you mean "nbp-/),
    ])
    expect((await project.sluice('cost', '--by', 'pip')).err).toContain('Did you mean "pipe"?')
    expect((await project.sluice('cost', '--since', '2026-02-01', '--until', '2026-02-01')).code).toBe(2)
  })

  it('of no run is nothing', async () => {
    const { rows, total } = await cost('--since', '2030-01-01')
    expect([rows, total.runs, total.cost.once]).toEqual([[], 0, '0'])
  })
})

describe('an estimate', () => {
  it('is kept by the run: requests and credits as they came, S3 requests within a factor of two', async () => {
    const { estimate, total } = await cost('third')
    expect(estimate).toMatchObject({ basis: 'history', more: { provider_requests: 0, credits: 0, invocations: 0 } })
    for (const name of ['store_puts', 'store_gets', 'store_lists', 'bytes_written'] as const) {
      const ratio = total.usage[name] / estimate!.usage[name]
      expect(ratio, name).toBeGreaterThan(0.5)
      expect(ratio, name).toBeLessThan(2)
    }
    expect((await project.sluice('cost', 'third')).out).toMatch(/Estimate from earlier runs[\s\S]*requests +2 +2 +0\n/)
  })

  it('of the first run is made of defaults', async () => {
    expect((await cost('first')).estimate).toMatchObject({ basis: 'defaults', more: { provider_requests: 0 } })
  })

  it('stands in the plan', async () => {
    const plan = (await project.json('plan', ...FOURTH)) as RunPlan
    expect(plan.estimate).toMatchObject({ basis: 'history', currency: 'USD', usage: { provider_requests: 2 } })
    expect((await project.sluice('plan', ...FOURTH)).out).toMatch(/on AWS about 0\.00\d+ USD, from earlier runs/)
  })
})

describe('a budget', () => {
  const limited = (limits: Record<string, string>) =>
    project.with(
      Object.fromEntries(Object.entries(limits).map(([key, value]) => [`SLUICE__COST__BUDGET__${key}`, value])),
    )

  /** All but who has which pipe now. */
  const filesOfLake = () =>
    readdirSync(join(project.folder, 'data_lake'), { recursive: true, encoding: 'utf8' })
      .filter(path => !path.includes('leases'))
      .sort()

  it.each([
    ['REQUESTS_PER_RUN', '1', 'about 2 requests, and the budget of a run is 1'],
    ['CREDITS_PER_MONTH', '1', 'about 2 credits, this month has taken 0, and its budget is 1'],
    ['PER_RUN', '0.0001', 'USD, and the budget of a run is 0.0001'],
  ])('%s stops a run before it asks or writes', async (key, value, told) => {
    const open = await serve(answerAsNbp)
    const before = filesOfLake()
    const stopped = limited({ [key]: value, ACTION: 'stop' }).with({ SLUICE__PROVIDERS__NBP__URL: open.url })
    const { code, err } = await stopped.sluice('run', '--run-id', 'fourth', ...FOURTH)
    expect([code, err]).toEqual([2, expect.stringContaining('SLUICE_BUDGET_SHORT')])
    expect(err.replace(/\s+/g, ' ')).toContain(told)
    const plan = await stopped.sluice('plan', ...FOURTH)
    expect([plan.code, plan.out]).toEqual([2, expect.stringContaining(`over budget: it would take`)])
    expect([open.asked, filesOfLake()]).toEqual([[], before])
  })

  it('of a month holds a backfill as a whole, and its dry run says what it would cost', async () => {
    const { url, asked } = await serve(answerAsNbp)
    const past = ['backfill', '--start-date', '2024-12-02', '--end-date', '2024-12-06', '--select', 'nbp-a']
    const there = { SLUICE__PROVIDERS__NBP__URL: url }
    expect((await project.with(there).sluice(...past, '--dry-run')).out).toMatch(
      /1 request, .* on AWS about 0\.00\d+ USD, from earlier runs, in 1 run/,
    )
    const stopped = await limited({ PER_MONTH: '0.0001', ACTION: 'stop' })
      .with(there)
      .sluice(...past)
    expect([stopped.code, stopped.err]).toEqual([2, expect.stringContaining('SLUICE_BUDGET_SHORT')])
    expect(asked).toEqual([])
  })

  it('of a run holds the runs of a backfill, and its dry run says so', async () => {
    const { url, asked } = await serve(answerAsNbp)
    const past = ['backfill', '--start-date', '2024-12-09', '--end-date', '2024-12-13', '--select', 'nbp-*']
    const limit = (action: string) =>
      limited({ REQUESTS_PER_RUN: '1', ACTION: action }).with({ SLUICE__PROVIDERS__NBP__URL: url })
    for (const flags of [['--dry-run'], []]) {
      const { code, err } = await limit('stop').sluice(...past, ...flags)
      expect([code, err.replace(/\s+/g, ' ')]).toEqual([
        2,
        expect.stringContaining('about 2 requests, and the budget of a run is 1'),
      ])
    }
    expect(asked).toEqual([])
    const warned = 'over budget: it would take about 2 requests, and the budget of a run is 1\n'
    expect(await limit('warn').sluice(...past, '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringContaining(warned),
    })
    const { code, out } = await limit('warn').sluice(...past)
    // Before it and after it.
    expect([code, out.split(warned).length - 1, asked.length]).toEqual([0, 2, 2])
  })

  it('that warns lets the run go on, and its record says so', async () => {
    const { url } = await serve(answerAsNbp)
    const warned = limited({ REQUESTS_PER_MONTH: '1', REQUESTS_PER_RUN: '2' }).with({
      SLUICE__PROVIDERS__NBP__URL: url,
    })
    const record = (await warned.json('run', '--run-id', 'fourth', ...FOURTH)) as RunRecord
    expect([record.status, record.over_budget]).toEqual([
      'published',
      [{ span: 'month', of: 'requests', most: '1', spent: '0', estimate: '2' }],
    ])
    const stopped = limited({ REQUESTS_PER_MONTH: '3', ACTION: 'stop' })
    const next = await stopped.sluice('run', ...week('2025-12-01', '2025-12-08', '2026-02-02'))
    expect(next.err.replace(/\s+/g, ' ')).toContain('about 2 requests, this month has taken 2, and its budget is 3')
  })
})

describe('a price list of the project', () => {
  const use = async (change: (list: { prices: Record<string, unknown>; currency: string }) => void) => {
    const [name = ''] = readdirSync('prices')
    const list = JSON.parse(await readFile(join('prices', name), 'utf8'))
    change(list)
    await writeFile(join(project.folder, 'own.json'), JSON.stringify(list, null, 2))
    return project.with({ SLUICE__COST__PRICES: 'own.json' })
  }
  const refused = async (change: Parameters<typeof use>[0], ...args: string[]) => {
    const { code, err } = await (await use(change)).sluice(...(args.length === 0 ? ['cost'] : args))
    expect([code, err]).toEqual([2, expect.stringContaining('SLUICE_PRICES_INVALID')])
    expect(err).toContain('take cost.prices out of sluice.yaml')
    return err
  }

  it('takes the place of the one of the package', async () => {
    const own = await use(list => {
      list.prices['s3_put'] = { price: '0', unit: 'request', source: 'ours', date: '2026-11-29' }
      list.prices['s3_list'] = { price: '0', unit: 'request', source: 'ours', date: '2026-11-29' }
    })
    const { total, prices } = (await own.json('cost')) as CostReport
    expect([total.cost.s3_writes, prices.file]).toEqual(['0', 'own.json'])
  })

  it('is refused where a price is missing, negative, a float or of another unit', async () => {
    expect(await refused(({ prices }) => delete prices['s3_get'])).toContain('s3_get')
    const price = (changed: object) => refused(({ prices }) => void Object.assign(prices['s3_get'] as object, changed))
    expect(await price({ price: '-0.0004' })).toMatch(/own\.json:\d+:\d+/)
    expect(await price({ price: 0.0004 })).toMatch(/own\.json:\d+:\d+/)
    expect(await price({ per: 3 })).toMatch(/own\.json:\d+:\d+/)
    expect(await price({ unit: 'GB' })).toMatch(/own\.json:\d+:\d+/)
  })

  it('is refused when it is in another currency than the budget, is no file, or no list; validate finds it', async () => {
    const euros = await use(list => Object.assign(list, { currency: 'EUR' }))
    const budget = euros.with({ SLUICE__COST__BUDGET__PER_RUN: '1' })
    expect((await budget.sluice('cost')).err).toMatch(/budget is in USD, and the prices of own\.json are in EUR/)
    await writeFile(join(project.folder, 'own.json'), '{ "prices": ')
    expect((await euros.sluice('cost')).err).toContain('SLUICE_PRICES_INVALID')
    expect((await euros.sluice('validate')).out).toContain('own.json')
    expect((await project.with({ SLUICE__COST__PRICES: 'absent.json' }).sluice('cost')).err).toContain('absent.json')
  })
})

function sumOf(texts: readonly string[]): bigint {
  return texts.map(scaled).reduce((sum, one) => sum + one, 0n)
}

/** Exact texts of money as whole numbers of 10^-30. */
function scaled(text: string): bigint {
  const [head = '', fraction = ''] = text.split('.')
  return BigInt(head + fraction.padEnd(30, '0'))
}
