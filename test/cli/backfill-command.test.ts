import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backfillCommand } from '../../src/cli/backfill-command.js'
import { backfillProgressOn, barText } from '../../src/cli/backfill-progress.js'
import { pastIntervalOf } from '../../src/cli/interval-flags.js'
import { answerAsNbp } from '../pipeline/fetch/nbp-server.js'
import { type Loopback, serve } from '../sources/http/loopback.js'
import { type AskingProject, askingProject } from '../support/asking-project.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { errorOf } from '../support/lakes.js'

const MARCH = ['--start-date', '2024-03-01', '--end-date', '2024-03-31']

describe('sluice backfill', () => {
  let server: Loopback
  let project: AskingProject
  beforeAll(async () => {
    project = await askingProject(
      'http://127.0.0.1:1',
      '  - { name: nbp-a, source: nbp.rates, contract: fx_rates, params: { table: A }, universe: open }',
    )
  })
  afterAll(() => project.remove())

  it('says that the last day is included, asks for it, and gives plain lines and the record', async () => {
    server = await serve(answerAsNbp)
    const own = project.with({ SLUICE__PROVIDERS__NBP__URL: server.url })
    const { code, out, err } = await own.sluice('backfill', ...MARCH)
    expect([code, server.asked.map(({ url }) => url.split('?')[0])]).toEqual([
      0,
      ['/exchangerates/tables/A/2024-03-01/2024-03-31'],
    ])
    expect(out).toContain('Backfill of 2024-03-01 to 2024-03-31, both included: 1 request, 1 credit')
    expect(out).toContain('backfill-2024-03-01-2024-03-31 complete: 1 of 1 interval done, 21 rows, 1 request')
    expect(err).toBe('2024-03-01T00:00:00.000Z/2024-04-01T00:00:00.000Z done: 21 rows, 1 of 1 request\n')
    const stored = JSON.parse(
      readFileSync(join(project.folder, 'data_lake/_runs/backfill-2024-03-01-2024-03-31.json'), 'utf8'),
    )
    expect(await own.json('backfill', ...MARCH)).toEqual(stored)
    expect(await own.json('backfill', ...MARCH, '--dry-run')).toMatchObject({ status: 'planned' })
    const { out: help } = await own.sluice('backfill', '--help')
    expect(help).toMatch(/--end-date <date>\s+the last day: it is included/)
  })

  it('ends with 4 when nobody answered, and is interrupted with 130', async () => {
    expect((await project.sluice('backfill', '--start-date', '2023-03-01', '--end-date', '2023-03-31')).code).toBe(4)
    const terminal = fakeTerminal({ folder: project.folder })
    const april = { startDate: '2024-04-01', endDate: '2024-04-30', project: project.folder }
    expect(await backfillCommand(april, terminal, AbortSignal.abort())).toBe(130)
    expect([terminal.out(), terminal.err()]).toEqual([
      expect.stringContaining('The same command again goes on'),
      expect.stringContaining('stopping'),
    ])
  })
})

describe('the time of a backfill', () => {
  it('is the same of days and of times', () => {
    const march = { startMs: Date.UTC(2024, 2, 1), endMs: Date.UTC(2024, 3, 1) }
    expect(pastIntervalOf({ startDate: '2024-03-01', endDate: '2024-03-31' })).toEqual(march)
    expect(pastIntervalOf({ start: '2024-03-01', end: '2024-04-01T02:00:00+02:00' })).toEqual(march)
  })

  it.each([
    [{}, /Say which time/],
    [{ startDate: '2024-03-01' }, /go together/],
    [{ start: '2024-03-01' }, /go together/],
    [{ startDate: '2024-03-01', endDate: '2024-03-31', start: '2024-03-01' }, /use one pair/],
    [{ startDate: '2024-03-02', endDate: '2024-03-01' }, /is after --end-date 2024-03-01, which is included/],
    [{ start: '2024-03-01', end: '2024-03-01' }, /the interval is empty/],
    [{ startDate: '2024-02-30', endDate: '2024-03-01' }, /--start-date is no time/],
    [{ startDate: '2024-03-01T00:00:00Z', endDate: '2024-03-01' }, /--start-date is a day/],
  ])('%j is refused', async (flags, message) => {
    const { code, message: told } = await errorOf(Promise.resolve().then(() => pastIntervalOf(flags)))
    expect([code, told]).toEqual(['SLUICE_ARGUMENT_INVALID', expect.stringMatching(message)])
  })
})

describe('the progress of a backfill', () => {
  const half = { step: 'ask', detail: '2 pipes', done: 50, total: 100, rows: 7 }

  it('is a bar with what is done, the rate and the time left on a terminal, and gone at the end', () => {
    expect(barText(half, 10)).toBe('[##########----------] 50 % 50 of 100 requests, 5.0/s, 10.0 s left, ask 2 pipes')
    const terminal = fakeTerminal({ interactive: true })
    const progress = backfillProgressOn(terminal, { now: () => 0, monotonicMs: () => 0 })
    progress.report(half)
    progress.report(half)
    progress.close()
    expect(terminal.err()).toBe('\r\x1b[2K[##########----------] 50 % 50 of 100 requests, ask 2 pipes\r\x1b[2K')
  })
})
