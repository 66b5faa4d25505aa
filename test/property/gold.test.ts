import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listModels } from '../../src/pipeline/list-models.js'
import { loadProject } from '../../src/pipeline/load-project.js'
import type { Project } from '../../src/pipeline/project.js'
import { query } from '../../src/pipeline/query.js'
import { historyOf, live, MAKINGS, MORE_INSTRUMENTS } from '../support/histories.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { CARRIED_CONTRACT, CARRIED_SQL } from '../support/own-model.js'

/** More, or other, histories: `SLUICE_GOLD_SEEDS=1,2,3 SLUICE_GOLD_DAYS=400`. A failure names its seed. */
const SEEDS = (process.env['SLUICE_GOLD_SEEDS'] ?? '7').split(',').map(Number)
const SIZE = {
  days: Number(process.env['SLUICE_GOLD_DAYS'] ?? 70),
  arrivals: Number(process.env['SLUICE_GOLD_ARRIVALS'] ?? 3),
}

let folder: ProjectFolder
/** Every model that there is, and one whose rows stand on days without input. */
let project: Project
let tables: string[]
beforeAll(async () => {
  folder = await projectFolder()
  const instruments = await readFile(join(folder.folder, 'instruments.csv'), 'utf8')
  await folder.write('instruments.csv', `${instruments.trimEnd()}\n${MORE_INSTRUMENTS}`)
  await folder.write('models/gold/carried_closes.sql', CARRIED_SQL)
  await folder.write('contracts/carried_closes.odcs.yaml', CARRIED_CONTRACT)
  project = await loadProject({ folder: folder.folder })
  tables = project.models.map(({ table }) => `gold.${table}`)
})
afterAll(() => folder.remove())

function lakeOf(threads: number): TestLake {
  const engine = { ...folder.project.config.engine, threads }
  const lake = folder.lake({ ...project, config: { ...project.config, engine } })
  return lake.with({ config: { ...project.config, engine, lake: lake.root } })
}

it('the histories have rows for every dataset of silver that a model reads', async () => {
  const read = (await listModels(lakeOf(1).project)).flatMap(({ reads }) => reads)
  const silver = read.filter(name => /^silver\.(?!calendar_sessions)/.test(name))
  const datasets = silver.map(name => name.replace(/^silver\.|_versions$/g, ''))
  expect(Object.keys(MAKINGS)).toEqual(expect.arrayContaining([...new Set(datasets)]))
})

describe.each(SEEDS)('gold of the random history %i', seed => {
  let lake: TestLake
  beforeAll(async () => {
    lake = lakeOf(2)
    await live(historyOf(seed, SIZE), lake, folder)
  })

  it('is in every table', async () => {
    const counts = await lake.rows(
      tables.map(table => `SELECT '${table}' AS name, count(*)::INTEGER AS rows FROM ${table}`).join(' UNION ALL '),
    )
    expect(counts.filter(({ rows }) => Number(rows) < 20)).toEqual([])
  })

  it('is byte for byte what one derivation of all of it makes', async () => {
    const record = await lake.derive({ full: true })
    expect(record.tables.map(({ table, files }) => [table, files.map(({ path }) => path)])).toEqual([])
    expect(record.status).toBe('nothing_due')
  })

  it('is byte for byte the same with one thread', async () => {
    const single = lakeOf(1)
    await live(historyOf(seed, SIZE), single, folder)
    const filesOf = async (own: TestLake) =>
      Object.fromEntries(
        Object.entries(await own.files('gold')).filter(
          ([file]) =>
            file.endsWith('.parquet') && !file.includes('/data_quality_metrics/') && !file.includes('/restatements/'),
        ),
      )
    const files = await filesOf(lake)
    expect(Object.keys(files).length).toBeGreaterThan(20)
    expect(await filesOf(single)).toEqual(files)
  })

  // As known before a row came to be known, the row may be another one. From then on it never changes: it used nothing that was not known.
  it.each([
    '2025-12-10',
    '2026-01-05T17:00:00Z',
    new Date(NOW + 3 * 3_600_000).toISOString(),
    new Date(NOW + 7 * 3_600_000).toISOString(),
  ])('holds no row that counts as known by %s and used what was not', async time => {
    const lines = async (table: string, where: string, asKnownAt?: string) => {
      const sql = `SELECT t::VARCHAR AS line FROM ${table} AS t WHERE ${where}`
      const { rows } = await query(lake.project, sql, { asKnownAt })
      return rows.map(row => String(row['line']))
    }
    for (const table of tables) {
      const then = new Set(await lines(table, 'true', time))
      const later = await lines(table, `_known_at > TIMESTAMPTZ '${time}'`, time)
      expect([table, later]).toEqual([table, []])
      const now = await lines(table, `_known_at <= TIMESTAMPTZ '${time}'`)
      expect([table, now.filter(line => !then.has(line)).slice(0, 3)]).toEqual([table, []])
    }
  })

  it('as known now is gold as it is', async () => {
    const contents = async (asKnownAt?: string) => {
      const texts = tables.map(
        table =>
          `SELECT '${table}' AS name, md5(string_agg(t::VARCHAR, '|' ORDER BY t::VARCHAR)) AS text FROM ${table} AS t`,
      )
      return (await query(lake.project, texts.join(' UNION ALL '), { asKnownAt })).rows
    }
    expect(await contents('2027-01-01')).toEqual(await contents())
  })
})
