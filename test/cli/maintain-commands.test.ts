import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson, trade } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
  for (const at of [0, 1]) {
    await folder.write('events.ndjson', ndjson([trade(`e${at}`)]))
    const input = ['--input', 'events.ndjson', '--contract', 'market_events']
    expect((await sluice('run', ...input, '--now', `2026-01-0${at + 6}`)).code).toBe(0)
  }
})
afterAll(() => folder.remove())

async function sluice(...args: readonly string[]) {
  const terminal = fakeTerminal({ folder: folder.folder })
  const code = await runProgram(args, terminal)
  return { code, out: terminal.out(), err: terminal.err() }
}

async function json(...args: readonly string[]) {
  const { code, out, err } = await sluice(...args, '--output', 'json')
  return { code, value: JSON.parse(out === '' ? err : out) }
}

describe('the commands that keep a lake small', () => {
  it('say what they would do, do it, and have nothing left to do', async () => {
    const planned = await sluice('compact', 'silver.market_events', '--dry-run')
    expect(planned.out).toMatch(/silver\.market_events +1 +2 to 1 .*would be joined\nNothing was written\.\n$/)
    const done = await json('compact', 'market_events')
    expect(done.value).toMatchObject([
      { table: 'silver.market_events', outcome: 'compacted', files_before: 2, files_after: 1 },
    ])
    expect((await sluice('compact', 'market_events')).out).toBe('nothing to join in 1 table\n')

    const expire = ['expire', 'silver.market_events', '--older-than', 'P0D', '--keep', '1']
    expect((await sluice(...expire, '--dry-run')).out).toMatch(
      /silver\.market_events +2 +1 [\s\S]*Nothing was changed\.\n$/,
    )
    expect((await json(...expire)).value).toMatchObject([{ outcome: 'expired', snapshots: 2, snapshots_left: 1 }])
    expect((await sluice(...expire)).out).toBe('nothing to expire in 1 table\n')

    expect((await sluice('gc')).out).toMatch(/^nothing to delete\n/)
    const would = await sluice('gc', '--older-than', 'PT0S')
    expect(would.out).toMatch(/would delete: \d+ files, .*`sluice gc --yes` does\.\n/)
    const { value } = await json('gc', '--older-than', 'PT0S', '--yes')
    expect(value).toMatchObject({ outcome: 'deleted', under_way: [], tables: [{ table: 'silver.market_events' }] })
    expect(value.tables[0].keys.filter((key: string) => key.endsWith('.parquet'))).toHaveLength(2)
    expect((await json('query', 'SELECT count(*)::INTEGER AS n FROM silver.market_events')).value.rows).toEqual([
      { n: 2 },
    ])
  })

  it.each<[string[], RegExp]>([
    [['expire', '--older-than', '30 days'], /--older-than 30 days is no duration/],
    [['expire', '--keep', '0'], /--keep 0 is no whole number from 1/],
    [['gc', '--older-than', 'P1Y'], /--older-than P1Y is no duration/],
    [['gc', '--dry-run', '--yes'], /not both/],
  ])('refuse what they do not understand: %j', async (args, message) => {
    const { code, value } = await json(...args)
    expect([code, value.error.code]).toEqual([2, 'SLUICE_ARGUMENT_INVALID'])
    expect(value.error.message).toMatch(message)
  })
})
