import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerOf } from '../crash/command.js'
import { faultsOf, runsOn } from '../crash/judge.js'
import { folderPlace } from '../crash/lake-place.js'
import { TINY_KEYS, tinyRun, writeTinyProject } from '../crash/tiny-project.js'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const RELEASES = readdirSync(HERE).filter(name => name.startsWith('lake-'))

it('there is a lake of a release', () => {
  expect(RELEASES).toContain('lake-0.1.0')
})

describe.each(RELEASES)('%s, made by make-lake.ts of that release', release => {
  const project = mkdtempSync(join(tmpdir(), 'sluice-upgrade-'))
  const lake = join(project, 'data_lake')
  const sluice = (...args: string[]) => answerOf([...args, '--project', project])
  beforeAll(async () => {
    await writeTinyProject(project)
    cpSync(join(HERE, release), lake, { recursive: true })
  })
  afterAll(() => rmSync(project, { recursive: true }))

  it('opens with all its rows, now and as of its first run', async () => {
    const sql = `SELECT instrument_id, event_time::VARCHAR AS at, price::VARCHAR AS price FROM silver.ticks ORDER BY ALL`
    const now = (await sluice('query', sql)) as { rows: unknown[] }
    expect(now.rows).toEqual([
      { instrument_id: 'a', at: '2026-03-02 10:00:00+00', price: '10.0000' },
      { instrument_id: 'a', at: '2026-03-02 11:00:00+00', price: '11.0000' },
      { instrument_id: 'a', at: '2026-03-03 10:00:00+00', price: '12.0000' },
      { instrument_id: 'b', at: '2026-03-02 11:00:00+00', price: '20.5000' },
      { instrument_id: 'b', at: '2026-03-03 11:00:00+00', price: '21.0000' },
    ])
    const then = (await sluice('query', 'SELECT count(*)::INT AS rows FROM silver.ticks', '--as-of', 'r1')) as {
      rows: unknown[]
    }
    expect(then.rows).toEqual([{ rows: 3 }])
    expect(await runsOn(project)).toEqual(['r2', 'r1'])
  })

  it('is damaged in the eyes of nobody', async () => {
    expect(await sluice('verify', '--no-derive')).toMatchObject({ verdict: 'ok' })
  })

  it('takes the next run, and the same run again for done', async () => {
    expect(await answerOf(tinyRun(project, 'second', 'r2'))).toMatchObject({ run_id: 'r2', repeated: true })
    expect(await answerOf(tinyRun(project, 'first', 'r3'))).toMatchObject({ status: 'published' })
    const judged = { project, place: folderPlace(project), isTimed: true, keys: TINY_KEYS }
    expect(await faultsOf(judged, ['r1', 'r2', 'r3'])).toEqual([])
  })
})
