import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { fixedClock } from '../../src/core/clock.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { validateProject } from '../../src/pipeline/doctor/validate.js'
import { PLAIN_RUN } from '../../src/pipeline/open-lake.js'
import { initProject } from '../../src/pipeline/project/init-project.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import type { Project } from '../../src/pipeline/project/project.js'
import { TEMPLATES } from '../../src/pipeline/project/templates.js'
import { convertCurrency } from '../../src/pipeline/read/convert-currency.js'
import { query } from '../../src/pipeline/read/query.js'
import { run } from '../../src/pipeline/run.js'
import { type Simulator, startSimulator } from '../../src/sandbox/simulator.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { errorOf } from '../support/lakes.js'

/** A Friday, after all fixings of the day. */
const NOW = Date.UTC(2026, 0, 30, 18)
const FRED_KEY = 'abcdefghijklmnopqrstuvwxyz012345'

let folder: string
let simulator: Simulator
beforeAll(async () => {
  simulator = await startSimulator({ clock: fixedClock(NOW) })
})
afterAll(() => simulator.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-template-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A project of a template whose providers are simulated, and answer as fast as they are asked. */
async function made(template: string): Promise<Project> {
  await initProject(folder, template)
  const project = await loadProject({ folder })
  const names = ['nbp', 'ecb', 'coingecko', 'fred'] as const
  const fast = { perSecond: 1000, burst: 100, concurrency: 8 }
  const providers = Object.fromEntries(names.map(name => [name, { url: simulator.urlOf(name), ...fast }]))
  const network = { ...project.config.network, allowHosts: ['127.0.0.1'] }
  const engine = { threads: 2, memoryLimit: '1GB', tempFolder: join(folder, 'temp') }
  return { ...project, config: { ...project.config, providers, network, engine } }
}

const deps = { ...systemDeps, env: {} }
const runNow = (project: Project) => run(project, { ...PLAIN_RUN, nowMs: NOW }, deps)

describe('every template', () => {
  it.each(Object.keys(TEMPLATES))('%s is a project in which nothing is wrong', async template => {
    await initProject(folder, template)
    const findings = await validateProject(await loadProject({ folder }))
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(findings.length).toBeGreaterThan(3)
  })

  it.each(Object.keys(TEMPLATES))(
    "%s leaves out models in Trino's SQL, which nothing would keep current there",
    async template => {
      const { written } = await initProject(folder, template)
      expect(written.filter(name => name.startsWith('models/trino'))).toEqual([])
    },
  )

  it.each(Object.keys(TEMPLATES))('%s has a query that its tables answer', async template => {
    const { models, contracts } = await loadProject({ folder: (await initProject(folder, template)).folder })
    const table = /FROM gold\.(\w+)/.exec(TEMPLATES[template]!.query)![1]
    expect(models.map(model => model.table)).toContain(table)
    expect(contracts.map(({ dataset }) => dataset)).toEqual(
      expect.arrayContaining(models.map(({ contract }) => contract)),
    )
  })
})

describe('the template fx', () => {
  it('fetches the rates of two central banks for a year and says how each moved', async () => {
    const project = await made('fx')
    const record = await runNow(project)
    expect(record.sources?.map(({ pipe, state }) => `${pipe} ${state}`)).toEqual(
      ['ecb-USD', 'ecb-GBP', 'ecb-CHF', 'ecb-PLN', 'nbp-A', 'nbp-C'].map(name => `${name} answered`),
    )
    expect(record.status).toBe('published')
    expect(record.pipes.filter(({ quarantined, held }) => quarantined + held > 0)).toEqual([])
    const { rows } = await query(
      project,
      `SELECT fixing, count(DISTINCT base_currency || quote_currency)::INTEGER AS pairs, count(*) FILTER (WHERE change IS NULL)::INTEGER AS first
       FROM gold.fx_changes GROUP BY fixing ORDER BY fixing`,
    )
    expect(rows).toEqual([
      { fixing: 'ecb:reference', pairs: 4, first: 4 },
      { fixing: 'nbp:A', pairs: rows[1]!['pairs'], first: rows[1]!['pairs'] },
      { fixing: 'nbp:C', pairs: rows[2]!['pairs'], first: rows[2]!['pairs'] },
    ])
    const [moved] = (
      await query(
        project,
        `SELECT today.rate / before.rate - 1 - today.change AS difference
         FROM gold.fx_changes AS today JOIN gold.fx_changes AS before
           ON before.instrument_id = today.instrument_id AND before.fixing = today.fixing AND before.date = today.previous_date
         WHERE today.date = '2026-01-30' AND today.instrument_id = 'fx:nbp:USDPLN' AND today.fixing = 'nbp:A'`,
      )
    ).rows
    expect(Number(moved!['difference'])).toBeCloseTo(0, 12)
  })

  it('converts amounts as the conventions have it', async () => {
    const project = await made('fx')
    await runNow(project)
    const monday = { amount: '1000', from: 'USD', to: 'PLN', on: '2026-01-26' }
    const fixed = async (day: string) =>
      (
        await query(
          project,
          `SELECT mid::DECIMAL(9, 4)::VARCHAR AS mid FROM silver.fx_rates
        WHERE instrument_id = 'fx:nbp:USDPLN' AND fixing = 'nbp:A' AND event_time::DATE = '${day}'`,
        )
      ).rows[0]!['mid']
    expect(await convertCurrency(project, { ...monday, convention: 'reporting' })).toMatchObject({
      ...{
        outcome: 'converted',
        rate: Number(await fixed('2026-01-26')),
        age_days: 0,
        path: 'published',
        source: 'nbp',
      },
    })
    const tax = await convertCurrency(project, { ...monday, convention: 'tax' })
    expect(tax).toMatchObject({ rate: Number(await fixed('2026-01-23')), age_days: 3, rate_date: '2026-01-23' })
    expect(tax).toMatchObject({
      converted: (1000 * Number(await fixed('2026-01-23'))).toFixed(2),
      fixing_no: expect.stringMatching(/A\/NBP/),
    })
    expect(await convertCurrency(project, { ...monday, convention: 'ecb' })).toMatchObject({
      path: 'cross through EUR',
    })
    expect(await convertCurrency(project, { ...monday, from: 'USDT', convention: 'ecb' })).toEqual({
      ...{ outcome: 'no_rate', source: 'ecb', day: '2026-01-26' },
      lacking: [{ code: 'USDT', money: 'USDT', newest: null }],
    })
    for (const wrong of [{ from: 'usd' }, { on: '2026-02-30' }, { amount: '1,5' }, { convention: 'taxes' }])
      await expect(convertCurrency(project, { ...monday, convention: 'tax', ...wrong })).rejects.toMatchObject({
        code: 'SLUICE_ARGUMENT_INVALID',
      })
  })
})

describe('the template crypto', () => {
  it('fetches hourly prices of each coin of instruments.csv and makes risk of them', async () => {
    const project = await made('crypto')
    const record = await runNow(project)
    expect(record.sources).toMatchObject(
      ['bitcoin', 'ethereum', 'solana'].map(id => ({ pipe: `coin-${id}`, state: 'answered' })),
    )
    expect(record.status).toBe('published')
    const { rows } = await query(
      project,
      `SELECT instrument_id, return_1d IS NOT NULL AND volatility_20d IS NOT NULL AS known FROM gold.risk_summary
       WHERE date = '2026-01-29' ORDER BY instrument_id`,
    )
    const coins = ['bitcoin', 'ethereum', 'solana']
    expect(rows).toEqual(coins.map(id => ({ instrument_id: `crypto:coingecko:${id}`, known: true })))
  })

  it('keeps few rows an hour in files of a month', async () => {
    await initProject(folder, 'crypto')
    const { contracts } = await loadProject({ folder })
    const grains = new Map(contracts.map(({ dataset, partition }) => [dataset, partition]))
    expect([grains.get('market_events'), grains.get('price_bars')]).toEqual(['month', 'month'])
  })

  it('has a pipe more for a coin more', async () => {
    await initProject(folder, 'crypto')
    const file = join(folder, 'instruments.csv')
    const line = 'crypto:coingecko:dogecoin,Dogecoin,crypto,USD,,24/7,false,2013-12-06,,dogecoin\n'
    await writeFile(file, (await readFile(file, 'utf8')) + line)
    expect((await loadProject({ folder })).pipes.map(({ name }) => name)).toContain('coin-dogecoin')
  })
})

describe('the template macro', () => {
  it('fetches series with all vintages by the key of .env, which is nowhere in the lake', async () => {
    const project = await made('macro')
    await writeFile(join(folder, '.env'), `FRED_API_KEY=${FRED_KEY}\n`)
    const record = await runNow(project)
    expect(record.sources).toMatchObject(
      ['GDPC1', 'CPIAUCSL', 'UNRATE', 'FEDFUNDS'].map(series => ({ pipe: `fred-${series}`, state: 'answered' })),
    )
    expect(JSON.stringify(record)).not.toContain(FRED_KEY)
    const { rows } = await query(
      project,
      `SELECT (SELECT count(*) FROM silver.macro_observations_versions) > (SELECT count(*) FROM silver.macro_observations) AS revised,
         (SELECT count(DISTINCT instrument_id)::INTEGER FROM gold.macro_changes WHERE change_on_year IS NOT NULL) AS series`,
    )
    expect(rows).toEqual([{ revised: true, series: 4 }])
    // Each day has what was known at its end: the newest period that had a figure by then, as the versions say.
    const known = await query(
      project,
      `SELECT count(*)::INTEGER > 2000 AS many, count(DISTINCT frequency)::INTEGER AS frequencies,
         count(*) FILTER (WHERE period IS DISTINCT FROM newest)::INTEGER AS other
       FROM gold.macro_daily AS own, LATERAL (
         SELECT max(event_time::DATE) AS newest FROM silver.macro_observations_versions AS said
         WHERE said.instrument_id = own.instrument_id AND said._known_at <= own._known_at AND value IS NOT NULL)`,
    )
    expect(known.rows).toEqual([{ many: true, frequencies: 2, other: 0 }])
  })

  it('says which key is missing, for each pipe', async () => {
    const record = await runNow(await made('macro'))
    expect(record.status).toBe('failed')
    expect(record.sources![0]!.why).toContain('FRED_API_KEY')
  })
})

describe('sluice init --template', () => {
  async function init(...args: string[]) {
    const terminal = fakeTerminal({ folder, env: {} })
    return { code: await runProgram(['init', ...args], terminal), out: terminal.out(), err: terminal.err() }
  }

  it('says what to do next, and keeps what is there', async () => {
    const { code, out } = await init('--template', 'macro')
    expect(code).toBe(0)
    expect(out).toContain('FRED_API_KEY')
    expect(out).toContain('npx sluice query "SELECT * FROM gold.macro_changes ORDER BY date DESC"')
    expect((await init('--template', 'macro')).out).toContain('0 files written')
  })

  it('refuses a template that there is not', async () => {
    const { code, err } = await init('--template', 'cripto')
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean "crypto"')])
    expect((await errorOf(initProject(folder, 'constructor'))).code).toBe('SLUICE_ARGUMENT_INVALID')
  })
})
