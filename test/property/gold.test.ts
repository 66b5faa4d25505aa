import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listModels } from '../../src/pipeline/derive/list-models.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import type { Project } from '../../src/pipeline/project/project.js'
import { query } from '../../src/pipeline/read/query.js'
import { historyOf, live, MAKINGS, MORE_INSTRUMENTS, REFERENCE_FILES } from '../support/histories.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { CARRIED_CONTRACT, CARRIED_SQL } from '../support/own-model.js'

/** More, or other, histories: `SLUICE_GOLD_SEEDS=1,2,3 SLUICE_GOLD_DAYS=400`. A failure names its seed. */
const SEEDS = (process.env['SLUICE_GOLD_SEEDS'] ?? '7').split(',').map(Number)
const SIZE = {
  days: Number(process.env['SLUICE_GOLD_DAYS'] ?? 70),
  arrivals: Number(process.env['SLUICE_GOLD_ARRIVALS'] ?? 3),
}

/** Where little was known of the history, where most was, and between arrivals. */
const TIMES = ['2025-12-10', new Date(NOW + 3.5 * 3_600_000).toISOString()]

let folder: ProjectFolder
/** Every model that there is, and one whose rows stand on days without input. */
let project: Project
let tables: string[]
beforeAll(async () => {
  folder = await projectFolder()
  const instruments = await readFile(join(folder.folder, 'instruments.csv'), 'utf8')
  await folder.write('instruments.csv', `${instruments.trimEnd()}\n${MORE_INSTRUMENTS}`)
  for (const [name, text] of Object.entries(REFERENCE_FILES)) await folder.write(name, text)
  await folder.write('models/gold/carried_closes.sql', CARRIED_SQL)
  await folder.write('contracts/carried_closes.odcs.yaml', CARRIED_CONTRACT)
  project = await loadProject({ folder: folder.folder })
  tables = project.models.map(({ table }) => `gold.${table}`)
})
afterAll(() => folder.remove())

function lakeOf(): TestLake {
  const { config: _config, ...parts } = project
  return folder.lake(parts)
}

function withThreads(lake: TestLake, threads: number): TestLake {
  const { config } = lake.project
  return lake.with({ config: { ...config, engine: { ...config.engine, threads } } })
}

it('the histories have rows for every dataset of silver that a model reads', async () => {
  const read = (await listModels(lakeOf().project)).flatMap(({ reads }) => reads)
  const silver = read.filter(name => /^silver\.(?!calendar_sessions)/.test(name))
  const datasets = silver.map(name => name.replace(/^silver\.|_versions$/g, ''))
  expect(Object.keys(MAKINGS)).toEqual(expect.arrayContaining([...new Set(datasets)]))
})

describe.each(SEEDS)('gold of the random history %i', seed => {
  let lake: TestLake
  beforeAll(async () => {
    lake = lakeOf()
    await live(historyOf(seed, SIZE), at => withThreads(lake, 1 + (at % 2)), folder)
  }, 600_000)

  it('is in every table', async () => {
    const counts = tables.map(table => `SELECT '${table}' AS name, count(*)::INTEGER AS rows FROM ${table}`)
    const found = await lake.rows(counts.join(' UNION ALL '))
    expect(found.filter(({ rows }) => Number(rows) < 20)).toEqual([])
  })

  // Runs with one thread and with two made the files.
  it.each([1, 2])('is byte for byte what one derivation of all of it makes, with threads: %i', async threads => {
    const record = await withThreads(lake, threads).derive({ full: true })
    const written = record.tables
      .filter(({ table }) => tables.includes(table))
      .map(({ table, files }) => [table, files])
    expect([record.status, written]).toEqual(['nothing_due', []])
  })

  // Before a row came to be known it may have been another one. From then on it never changes: nothing is in it that was not known.
  it.each(TIMES)('holds no row that counts as known by %s and used what was not', async time => {
    const [then, now] = [await linesOf(lake, 'true', time), await linesOf(lake, `_known_at <= TIMESTAMPTZ '${time}'`)]
    const changed = tables.flatMap(table =>
      now
        .get(table)!
        .filter(line => !then.get(table)!.includes(line))
        .slice(0, 3),
    )
    expect(changed).toEqual([])
    expect([...(await linesOf(lake, `_known_at > TIMESTAMPTZ '${time}'`, time)).values()].flat()).toEqual([])
  })

  it('as known today is gold as it is', async () => {
    expect(await linesOf(lake, 'true', '2027-01-01')).toEqual(await linesOf(lake, 'true'))
  })
})

/** The rows of each table as texts, in order. */
async function linesOf(lake: TestLake, where: string, asKnownAt?: string): Promise<Map<string, string[]>> {
  const texts = tables.map(table => `SELECT '${table}' AS name, t::VARCHAR AS line FROM ${table} AS t WHERE ${where}`)
  const { rows } = await query(lake.project, `${texts.join(' UNION ALL ')} ORDER BY ALL`, { asKnownAt })
  const lines = new Map(tables.map(table => [table, [] as string[]]))
  for (const { name, line } of rows) lines.get(String(name))!.push(String(line))
  return lines
}
