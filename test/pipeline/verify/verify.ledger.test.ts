import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/core/clock.js'
import { SluiceError } from '../../../src/core/errors.js'
import { decideBreakers } from '../../../src/pipeline/holding/decide-breakers.js'
import { openAttempt } from '../../../src/pipeline/ledger/attempt.js'
import { rebuildIndex } from '../../../src/pipeline/ledger/rebuild-index.js'
import { addRow, foldRows, looseRows } from '../../../src/pipeline/ledger/row-index.js'
import { localStore } from '../../../src/storage/local-store.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { ndjson } from '../../support/records.js'
import { fill, tick, ticksLake } from '../replay/ticks-lake.js'
import { damagedCopy, edit, findingsOf } from './damages.js'

let folder: ProjectFolder
let sound: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  sound = ticksLake(folder)
  await fill(sound, folder)
  const attempt = openAttempt(localStore(sound.root), 'refused', systemClock)
  await attempt.begin({ startedMs: NOW, wallMs: NOW, pipes: ['feed'], datasets: ['ticks'] })
  await attempt.failed(new SluiceError('SLUICE_STORE_FULL', 'no room'))
  await attempt.close()
  await decideBreakers(
    sound.project,
    { pipe: 'feed' },
    { move: 'trip', by: 'ada', reason: 'it lags' },
    { nowMs: NOW + 1 },
  )
})
afterAll(() => folder.remove())

const findings = async (damage: (root: string) => Promise<unknown>) => {
  const lake = await damagedCopy(sound, folder, damage)
  return (await findingsOf(lake, { level: 'files' }))[1]
}

/** The line of a run in `_ledger/rows`. */
async function lineOf(root: string, runId: string): Promise<string> {
  for (const name of await readdir(join(root, '_ledger/rows'))) {
    const path = join(root, '_ledger/rows', name)
    const text = await readFile(path, 'utf8')
    if (text.includes(`"run_id":"${runId}"`)) return path
  }
  throw new Error(`no line is of ${runId}`)
}

it('a sound ledger with attempts and decisions has nothing wrong, its lines in segments too', async () => {
  expect(await findings(async () => undefined)).toEqual([])
  expect(await findings(root => rebuildIndex(localStore(root)))).toEqual([])
})

it('a record that was lost is missed until the same command has made it again, which is told', async () => {
  const lake = await damagedCopy(sound, folder, root => rm(join(root, '_runs/more.json')))
  expect((await findingsOf(lake, { level: 'files' }))[1]).toEqual(['missing record_missing ledger _runs/more.json'])
  const input = await folder.write('more.ndjson', ndjson([tick('m1', 50), tick('f6', 6)]))
  await lake.run({ runId: 'more', input: [input], contract: 'ticks', nowMs: NOW + 3 * 3_600_000 })
  const [{ verdict }, findings] = await findingsOf(lake, { level: 'files' })
  expect([verdict, findings]).toEqual(['ok', ['odd record_made_again ledger _runs/more.json']])
})

describe('a line of the list of runs', () => {
  it.each<[string, string, (path: string) => Promise<unknown>]>([
    ['another status', 'damaged line_changed', path => edit(path, text => text.replace('published', 'held'))],
    ['other rows', 'damaged line_changed', path => edit(path, text => text.replace(/"accepted":\d+/, '"accepted":7'))],
    ['no datasets', 'damaged line_changed', path => edit(path, text => text.replace('["ticks"]', '[]'))],
    ['a field less', 'damaged line_changed', path => edit(path, text => text.replace(/"cpu_seconds":[^,]*,/, ''))],
    ['no JSON', 'damaged index_damaged', path => edit(path, text => text.slice(0, -9))],
    ['nothing', 'damaged index_damaged', path => writeFile(path, 'null')],
  ])('that says %s is told with its object', async (_, finding, damage) => {
    const faults = await findings(async root => damage(await lineOf(root, 'more')))
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${finding} ledger _ledger/rows/`))])
  })

  it('that was changed before it came into a segment is told too', async () => {
    const faults = await findings(async root => {
      await edit(await lineOf(root, 'more'), text => text.replace('published', 'held'))
      const store = localStore(root)
      for (let at = 0; at < 64; at++) await addRow(store, `filler-${at}`, (await looseRows(store))[0]!)
      await foldRows(store)
    })
    expect(faults).toEqual([expect.stringMatching(/^damaged line_changed ledger _ledger\/segments\//)])
  })

  it('of an attempt is held against the record of that', async () => {
    const ofAttempt = (root: string) => lineOf(root, 'refused')
    expect(
      await findings(async root => edit(await ofAttempt(root), text => text.replace('STORE_FULL', 'STORE_DENIED'))),
    ).toEqual([expect.stringMatching(/^damaged line_changed ledger _ledger\/rows\//)])
    expect(await findings(async root => rm(await ofAttempt(root)))).toEqual([
      expect.stringMatching(/^odd record_unlisted ledger _attempts\/refused\//),
    ])
    expect(await findings(root => rm(join(root, '_attempts'), { recursive: true }))).toEqual([
      expect.stringMatching(/^missing attempt_missing ledger _ledger\/rows\//),
    ])
    const emptied = await findings(async root => {
      const own = join(root, '_attempts/refused')
      for (const name of await readdir(own)) await writeFile(join(own, name), '{}')
    })
    expect(emptied[0]).toMatch(/^damaged record_invalid ledger _attempts\/refused\//)
  })
})

describe('what is beside records', () => {
  const notes = async (root: string) => {
    const [name] = await readdir(join(root, '_decisions'))
    return join(root, '_decisions', name!)
  }
  it.each<[string, string, (root: string) => Promise<unknown>]>([
    [
      'another decider',
      'damaged decision_changed ledger _decisions/',
      async root => edit(await notes(root), text => text.replace('ada', 'bob')),
    ],
    ['a decision that is gone', 'missing decision_missing ledger _decisions/', async root => rm(await notes(root))],
    [
      'captures that were let go, nobody knows when',
      'damaged record_invalid ledger _expired/expire-x.json',
      async root => {
        await mkdir(join(root, '_expired'))
        await writeFile(join(root, '_expired/expire-x.json'), '{"captures":["a"]}')
      },
    ],
    [
      'a state that is another document',
      'damaged record_invalid ledger _state/tables/',
      async root => {
        const own = join(root, '_state/tables')
        const names = (await readdir(own)).filter(name => name.endsWith('.json')).sort()
        await writeFile(join(own, names[0]!), '{}')
      },
    ],
    [
      'a table that the lake does not name',
      'damaged table_unlisted silver.ticks _state/tables/',
      async root => {
        const own = join(root, '_state/tables')
        const names = (await readdir(own)).filter(name => name.endsWith('.json')).sort()
        await edit(join(own, names.at(-1)!), text => text.replace(/,"silver\/ticks\/[^"]*"/, ''))
      },
    ],
  ])('%s', async (_, finding, damage) => {
    expect(await findings(damage)).toEqual([expect.stringContaining(finding)])
  })

  it('the names of all tables, which cannot be read: the tables are looked at all the same', async () => {
    const lake = await damagedCopy(sound, folder, async root => {
      const own = join(root, '_state/tables')
      for (const name of await readdir(own)) await writeFile(join(own, name), '{')
    })
    const [{ checked, tables }, faults] = await findingsOf(lake)
    expect(faults).toEqual([expect.stringContaining('damaged record_invalid ledger _state/tables/')])
    expect(checked.tables).toBe(3)
    expect(tables).toMatchObject([{ table: 'silver.ticks', verdict: 'not_replayable' }])
  })

  it('a run of which neither record nor line is left, in each table that it committed to', async () => {
    const faults = await findings(async root => {
      await rm(await lineOf(root, 'more'))
      await rm(join(root, '_runs/more.json'))
    })
    expect(new Set(faults.map(fault => fault.split(' ').slice(0, 2).join(' ')))).toEqual(new Set(['odd run_unknown']))
    expect(faults.map(fault => fault.split(' ')[2])).toEqual(expect.arrayContaining(['bronze.ticks', 'silver.ticks']))
  })
})

it('a lake that is not there is no sound one', async () => {
  const lake = folder.lake()
  expect(await errorOf(findingsOf(lake))).toMatchObject({
    code: 'SLUICE_LAKE_MISSING',
    message: `There is no lake at ${lake.root}.`,
  })
})

it('a table that is gone with its folder is missed, and is not empty as of a run that committed to it', async () => {
  const lake = await damagedCopy(sound, folder, root => rm(join(root, 'silver'), { recursive: true }))
  expect((await findingsOf(lake, { level: 'files' }))[1]).toEqual(
    expect.arrayContaining([expect.stringContaining('missing table_missing silver.ticks')]),
  )
  const { code, message } = await errorOf(lake.rows('SELECT * FROM silver.ticks', 'more'))
  expect([code, message]).toEqual([
    'SLUICE_METADATA_CORRUPT',
    'The run committed to silver.ticks, and the lake has no such table any more.',
  ])
})
