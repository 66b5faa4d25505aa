import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AskingProject, askingProject } from '../support/asking-project.js'
import { ndjson, trades } from '../support/records.js'

let project: AskingProject
beforeAll(async () => {
  project = await askingProject(
    'http://127.0.0.1:9',
    '  - { name: deals, source: file, contract: market_events, input: deals.ndjson }\n',
  )
  // Gold is derived elsewhere: here it would only take time.
  rmSync(join(project.folder, 'models/gold'), { recursive: true })
  writeFileSync(join(project.folder, 'deals.ndjson'), ndjson(trades(20)))
  expect((await project.sluice('run', '--run-id', 'one')).code).toBe(0)
  writeFileSync(join(project.folder, 'more.ndjson'), ndjson(trades(3, {}, 'more')))
  await project.sluice(
    'run',
    '--input',
    join(project.folder, 'more.ndjson'),
    '--contract',
    'market_events',
    '--run-id',
    'two',
  )
})
afterAll(() => project.remove())

describe('sluice diff', () => {
  it('prints counts, then rows; and the same as JSON', async () => {
    const { code, out } = await project.sluice('diff', 'one', 'two', '--table', 'market_events', '--limit', '1')
    expect(code).toBe(0)
    expect(out).toMatch(/silver\.market_events +20 +23 +3 +0 +0\n/)
    expect(out).toMatch(/ {2}added {2}instrument_id = .*more.*\n/)
    expect(out).toContain('2 rows more')
    expect(await project.json('diff', 'one', 'two', '--table', 'market_events')).toMatchObject({
      tables: [{ counts: { added: 3, removed: 0, changed: 0 } }],
    })
  })

  it.each(['x', '-1', '1.5'])('refuses --limit %s', async limit => {
    expect((await project.sluice('diff', 'one', 'two', `--limit=${limit}`)).code).toBe(2)
  })
})

describe('sluice replay', () => {
  it('says what it would do, does it, and then finds nothing to do', async () => {
    const dry = await project.sluice('replay', '--dry-run')
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/market_events +2 +0 +0 +.*would be replaced/)])
    expect((await project.sluice('replay', '--run-id', 'again')).out).toMatch(/^replayed\n/)
    expect(await project.json('replay')).toMatchObject({ outcome: 'unchanged', record: null })
    expect((await project.sluice('replay', '--dataset', 'risk_summary')).code).toBe(2)
  })
})

describe('sluice verify', () => {
  it('ends with 0 on a sound lake, and with 7, the file and the place on a damaged one', async () => {
    const { code, out } = await project.sluice('verify', 'market_events')
    expect([code, out]).toEqual([0, expect.stringMatching(/silver\.market_events +exact/)])
    const below = join(project.folder, 'data_lake/silver/market_events')
    const file = readdirSync(below, { recursive: true })
      .map(String)
      .find(path => path.endsWith('.parquet'))!
    writeFileSync(join(below, file), 'PAR1')
    const damaged = await project.sluice('verify', 'market_events', '--fast')
    expect(damaged.code).toBe(7)
    expect(damaged.out).toMatch(
      /damaged +data_file_size +silver\.market_events +silver\/.*\.parquet +it has 4 bytes, not \d+/,
    )
    expect(await project.json('verify', 'market_events', '--no-derive')).toMatchObject({
      verdict: 'damaged',
      tables: [],
    })
  })
})
