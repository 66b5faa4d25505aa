import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
  const rows = [...trades(6), ...trades(4, { price: -1 }, 'bad')]
  await folder.write('bad.ndjson', ndjson(rows))
  await folder.write(
    'pipes/deals.yaml',
    'pipes:\n  - { name: deals, source: file, contract: market_events, input: bad.ndjson }\n',
  )
  expect((await sluice('run', '--select', 'deals', '--run-id', 'bad', '--now', '2026-01-06')).code).toBe(5)
})
afterAll(() => folder.remove())

async function sluice(...args: readonly string[]) {
  const terminal = fakeTerminal({ folder: folder.folder, env: { SLUICE_USER: 'ada' } })
  const code = await runProgram(args, terminal)
  return { code, out: terminal.out(), err: terminal.err() }
}
async function json(...args: readonly string[]) {
  const { code, out, err } = await sluice(...args, '--output', 'json')
  return { code, value: JSON.parse(out === '' ? err : out) }
}

describe('sluice quarantine', () => {
  it('lists holds and rows, and shows each by the id that it lists', async () => {
    const { value } = await json('quarantine', 'ls', '--run', 'bad')
    expect(value).toMatchObject({
      holds: [{ pipe: 'deals', by: 'gate', run_id: 'bad' }],
      groups: [{ dataset: 'market_events', pipe: 'deals', rules: ['price_positive'], rows: 4 }],
      more: false,
    })
    const { id } = value.holds[0]
    expect((await json('pipes', 'deals')).value.pipes).toMatchObject([
      { holds: [{ id, by: 'gate', captures: 1, rows: 6 }] },
    ])
    const shownHold = await sluice('quarantine', 'show', id)
    expect(shownHold.out).toMatch(/held by the gate[\s\S]*npx sluice captures show [0-9a-f]{32}/)
    const shownRow = await sluice('quarantine', 'show', value.rows[0].id)
    expect(shownRow.out).toContain('price_positive: A zero or negative price is a sentinel')
    const command = /npx sluice (captures show [0-9a-f]{32})/.exec(shownRow.out)![1]!
    expect((await sluice(...command.split(' '))).out).toContain('"event_id":"bad0"')
    const text = (await sluice('quarantine', 'ls', '--limit', '2')).out
    expect(text).toContain('Held batches')
    expect(text).toContain('the newest 2')
  })

  it.each([
    [['quarantine', 'release', '--reason', 'x'], 'SLUICE_ARGUMENT_INVALID', /Say what to release/],
    [['quarantine', 'release', '--all', '--reason', 'x'], 'SLUICE_ARGUMENT_INVALID', /--rows.*--holds/],
    [
      ['quarantine', 'release', '--all', '--rows', '--holds', '--reason', 'x'],
      'SLUICE_ARGUMENT_INVALID',
      /release one, then the other/,
    ],
    [
      ['quarantine', 'release', '--rows', '--state', 'lost', '--reason', 'x'],
      'SLUICE_ARGUMENT_INVALID',
      /waiting or discarded/,
    ],
    [
      ['quarantine', 'ls', '--dataset', 'silver.market_event'],
      'SLUICE_CONTRACT_UNKNOWN',
      /Did you mean "market_events"/,
    ],
    [['quarantine', 'ls', '--pipe', 'deels'], 'SLUICE_PIPE_UNKNOWN', /Did you mean "deals"/],
    [['quarantine', 'ls', '--run', 'bed'], 'SLUICE_RUN_UNKNOWN', /Did you mean "bad"/],
    [['quarantine', 'replay', '--rule', 'price_posit'], 'SLUICE_QUARANTINE_UNKNOWN', /Did you mean "price_positive"/],
    [['quarantine', 'discard', '--rows', '--all', '--reason', ' '], 'SLUICE_ARGUMENT_INVALID', /needs a reason/],
    [['quarantine', 'discard', '--rows', '--all'], 'SLUICE_ARGUMENT_INVALID', /reason/],
    [['quarantine', 'ls', '--rows', '--holds'], 'SLUICE_ARGUMENT_INVALID', /cannot stand together/],
    [['quarantine', 'ls', '--state', 'lost'], 'SLUICE_ARGUMENT_INVALID', /--state is one of/],
    [['quarantine', 'show', 'feed:9'], 'SLUICE_QUARANTINE_UNKNOWN', /called feed:9/],
    [['quarantine', 'replay', "x' OR 1=1"], 'SLUICE_QUARANTINE_UNKNOWN', /is no id/],
    [['breaker', 'trip', '--reason', 'x'], 'SLUICE_ARGUMENT_INVALID', /Say which breakers/],
    [['breaker', 'trip', '--pipe', 'deels', '--reason', 'x'], 'SLUICE_BREAKER_UNKNOWN', /deals/],
  ])('refuses %j', async (args, code, message) => {
    const before = await json('breaker', 'ls')
    const { code: exit, value } = await json(...args)
    expect([exit, value.error?.code ?? value.code, value.error?.message ?? value.message]).toEqual([
      2,
      code,
      expect.stringMatching(message),
    ])
    expect(await json('breaker', 'ls')).toEqual(before)
  })

  it('does nothing where nothing fits, and says so', async () => {
    expect(await sluice('quarantine', 'release', '--rows', '--rule', 'type:price', '--reason', 'x')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Nothing that waits fits. Nothing was changed.'),
    })
  })
})

describe('a release', () => {
  it('says who let what pass, and what is decided already', async () => {
    const { value } = await json('quarantine', 'ls', '--dataset', 'silver.market_events')
    const [hold, row] = [value.holds[0].id, value.rows[0].id]
    const released = await sluice('quarantine', 'release', hold, '--reason', 'checked')
    expect(released).toMatchObject({ code: 0, err: '' })
    expect(released.out).toMatch(/^fail {2}market_events from deals: 4 of 10 rows in error .* {2}\(released by ada\)$/m)
    expect(released.out).toContain('release by ada: 6 rows wait no more\n')
    expect(released.out).not.toContain('--allow-dq-breach')
    const again = await sluice('quarantine', 'release', hold, '--reason', 'twice')
    expect(again).toMatchObject({
      code: 0,
      out: expect.stringMatching(`^${hold} was released by ada at .*: checked. Nothing was changed.\n$`),
    })

    const discarded = await sluice('quarantine', 'discard', row, '--reason', 'a test tick', '--by', 'eve')
    expect(discarded.out).toContain('discard by eve: 1 row waits no more\n')
    const replayed = await sluice('quarantine', 'replay', row)
    expect(replayed.code).toBe(6)
    expect(replayed.out).toMatch(
      /was discarded by eve at .*: a test tick. Nothing was changed. Rows that were discarded can be released./,
    )
    const back = await sluice('quarantine', 'release', row, '--reason', 'it was none')
    expect(back).toMatchObject({ code: 0, out: expect.stringContaining('release by ada: 1 row waits no more') })
    const quality = await json('quality', 'market_events')
    const figure = quality.value.figures.find(
      (own: { rule: string; pipe: string }) => own.rule === 'price_positive' && own.pipe === 'deals',
    )
    expect(figure).toMatchObject({ failed: 4, rows: 10, verdict: 'warn', released_by: 'ada' })
    expect((await sluice('quality', 'market_events')).out).toMatch(/price_positive +warn, released by ada +4 +10/)
  })
})

describe('a migration', () => {
  it('says how many rows kept what was decided about them', async () => {
    const path = join(folder.folder, 'contracts/market_events.odcs.yaml')
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace(/^version: .*$/m, 'version: 2.0.0'))
    const { code, out } = await sluice('contract', 'migrate', 'market_events')
    expect(out).toContain('decisions kept: 6 rows of released batches, 1 row released\n')
    expect([code, out]).toEqual([0, expect.stringMatching(/3 of 10 rows in error .* {2}\(released by ada\)/)])
    expect(
      (await json('query', "SELECT count(*) AS n FROM quarantine.market_events WHERE state = 'released'")).value,
    ).toMatchObject({ rows: [{ n: '1' }] })
    await writeFile(path, text)
  })
})

describe('sluice breaker', () => {
  it('lists, opens and closes breakers', async () => {
    expect((await json('breaker', 'ls')).value).toMatchObject({
      breakers: [{ pipe: 'deals', state: 'open', held_rows: 0 }],
    })
    const { value } = await json('pipes', 'deals')
    expect(value.pipes).toMatchObject([
      {
        state: 'waiting',
        breaker: { state: 'open', why: expect.stringContaining('4 of 10') },
        holds: expect.any(Array),
      },
    ])
    expect((await sluice('pipes', 'deals')).out).toMatch(/deals +waiting .* its breaker is open until 20/)
    const reset = await sluice('breaker', 'reset', '--pipe', 'deals', '--reason', 'mended')
    expect(reset).toMatchObject({ code: 0, out: 'deals (market_events): open to closed, ada: mended\n' })
    expect(
      (await json('breaker', 'trip', '--dataset', 'silver.market_events', '--pipe', 'deals', '--reason', 'again'))
        .value,
    ).toMatchObject({
      changes: [{ pipe: 'deals', from: 'closed', to: 'open', why: 'ada: again' }],
    })
    expect((await sluice('breaker', 'ls')).out).toMatch(/deals +market_events +open/)
    expect((await sluice('tables')).out).toMatch(/stale {2}silver.market_events: breakers hold deals until/)
  })
})
