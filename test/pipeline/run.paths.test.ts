import { mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { type ProjectFolder, projectFolder, testLake } from '../support/lakes.js'
import { ndjson, trade } from '../support/records.js'

/** Each looks like a pattern for the name after it. */
const NAMES = [
  't[1].ndjson',
  't1.ndjson',
  'a*.ndjson',
  'ab.ndjson',
  'a?.ndjson',
  'b\\[1].ndjson',
  'b\\1.ndjson',
  "ž'[é].ndjson",
]

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

describe('a run whose paths look like patterns', () => {
  it('reads exactly the files that it was given', async () => {
    const input = await Promise.all(
      NAMES.map((name, at) => folder.write(name, ndjson([trade(`own-${at}`, { venue: name })]))),
    )
    const lake = folder.lake()
    for (const [at, path] of input.entries()) await lake.run({ runId: `n${at}`, input: [path] })
    const rows = await lake.rows('SELECT event_id, venue FROM silver.market_events ORDER BY event_id')
    expect(rows).toEqual(NAMES.map((venue, at) => ({ event_id: `own-${at}`, venue })))
  })

  it('shows expressions the path that was named', async () => {
    const name = 'c\\[1].ndjson'
    await folder.write(name, ndjson([trade('named')]))
    const pipes = parsePipes(
      `pipes:\n  - { name: named, source: file, contract: market_events, input: '${name}', map: { venue: filename } }\n`,
      'pipes/named.yaml',
    )
    const lake = folder.lake({ models: [], pipes })
    await lake.run()
    expect(await lake.rows('SELECT venue FROM silver.market_events')).toEqual([{ venue: resolve(folder.folder, name) }])
  })

  it('takes no value from a folder that is named like a column', async () => {
    const below = join(folder.folder, 'price=5', 'venue=wrong')
    mkdirSync(below, { recursive: true })
    const record = trade('plain', { venue: 'right', price: '100' })
    const header = Object.keys(record)
    await writeFile(join(below, 'a.ndjson'), ndjson([record]))
    await writeFile(join(below, 'a.csv'), `${header.join(',')}\n${Object.values(record).join(',')}\n`)
    const lake = testLake({
      ...folder.project,
      models: [],
      config: { ...folder.project.config, lake: join(below, 'lake') },
    })
    for (const name of ['a.ndjson', 'a.csv']) await lake.run({ runId: name, input: [join(below, name)] })
    const rows = await lake.rows('SELECT venue, price::INTEGER AS price FROM silver.market_events')
    expect(rows).toEqual([{ venue: 'right', price: 100 }])
  })

  it('sees no file of the lake beside it', async () => {
    const lakes = ['pj*', 'pj2', 'pj[2]'].map(name => {
      const config = { ...folder.project.config, lake: join(folder.folder, name, 'lake') }
      return testLake({ ...folder.project, models: [], config })
    })
    for (const [at, lake] of lakes.entries()) {
      const input = [await folder.write(`lake-${at}.ndjson`, ndjson([trade('same', { venue: `v${at}` })]))]
      await lake.run({ runId: 'first', input })
      await lake.run({ runId: 'second', input })
    }
    for (const [at, lake] of lakes.entries()) {
      expect(await lake.rows('SELECT event_id, venue FROM silver.market_events')).toEqual([
        { event_id: 'same', venue: `v${at}` },
      ])
      expect(await lake.rows('SELECT run_id FROM ledger.runs ORDER BY run_id')).toEqual([
        { run_id: 'first' },
        { run_id: 'second' },
      ])
    }
  })

  it('takes its references from its own project', async () => {
    const files = ['ref[1]', 'ref1'].map(name => join(folder.folder, name, 'desks.csv'))
    for (const [at, file] of files.entries()) {
      mkdirSync(dirname(file))
      await writeFile(file, `desk\nd${at}\n`)
    }
    const lake = folder.lake({ models: [], references: { ...folder.project.references, desks: files[0]! } })
    expect(await lake.rows('SELECT desk FROM reference.desks')).toEqual([{ desk: 'd0' }])
  })
})
