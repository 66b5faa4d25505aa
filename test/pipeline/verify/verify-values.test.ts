import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeValue } from '../../../src/iceberg/bounds.js'
import type { DataFile } from '../../../src/iceberg/types.js'
import { currentSchema } from '../../../src/lake/open-table.js'
import { localPath } from '../../../src/lake/read-sql.js'
import { dataFiles } from '../../../src/lake/scan.js'
import { systemDeps } from '../../../src/pipeline/deps.js'
import { verifyValues } from '../../../src/pipeline/verify/verify-values.js'
import { openWorkspace, type Workspace } from '../../../src/pipeline/workspace.js'
import { type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { fill, ticksLake } from '../replay/ticks-lake.js'

let folder: ProjectFolder
let workspace: Workspace
beforeAll(async () => {
  folder = await projectFolder()
  const lake = ticksLake(folder)
  await fill(lake, folder)
  workspace = await openWorkspace(lake.project, systemDeps, { runId: undefined, connections: 1 })
})
afterAll(async () => {
  await workspace[Symbol.asyncDispose]()
  await folder.remove()
})

async function silver() {
  const { lake } = workspace
  const table = (await lake.catalog.load({ layer: 'silver', dataset: 'ticks', major: 1 }))!
  const files = await dataFiles(lake, table)
  const whole = await Promise.all(
    files.map(async file => ({ file, key: file['file-path'], path: await localPath(lake, table, file) })),
  )
  const idOf = (name: string): number => currentSchema(table).fields.find(field => field.name === name)!.id
  return { table, whole, idOf }
}

it('values that a manifest describes otherwise are named by their column', async () => {
  const { table, whole, idOf } = await silver()
  const engine = workspace.engines[0]!
  expect(await verifyValues(table, whole, engine)).toMatchObject({ faults: [], columns: whole.length * 9 })
  const [first, ...rest] = whole
  const told = async (change: (file: DataFile) => DataFile): Promise<string[]> => {
    const { faults } = await verifyValues(table, [{ ...first!, file: change(first!.file) }, ...rest], engine)
    return faults.map(({ code, place }) => `${code} ${place}`)
  }
  const bound = (side: 'lower-bounds' | 'upper-bounds', name: string, bytes: Buffer) => (file: DataFile) => ({
    ...file,
    [side]: new Map([...file[side]!, [idOf(name), bytes]]),
  })
  expect(await told(bound('lower-bounds', 'id', Buffer.from('zzz')))).toEqual(['lower_bound column id'])
  expect(await told(bound('upper-bounds', 'moment', encodeValue('timestamptz', 0n)))).toEqual([
    'upper_bound column moment',
  ])
  expect(await told(bound('upper-bounds', 'price', encodeValue('decimal(18,4)', 1n)))).toEqual([
    'upper_bound column price',
  ])
  expect(await told(bound('lower-bounds', 'moment', Buffer.from('xyz')))).toEqual(['bound_invalid column moment'])
  // Wider than the values: readers lose no row by it, and no writer of ours made it.
  expect(await told(bound('lower-bounds', 'price', encodeValue('decimal(18,4)', 1n)))).toEqual([
    'lower_bound column price',
  ])
  expect(await told(bound('upper-bounds', 'id', Buffer.from('zzz')))).toEqual(['upper_bound column id'])
  const foreign = (file: DataFile): DataFile => ({
    ...file,
    'file-path': file['file-path'].replace('run_id=', 'part-'),
  })
  expect(await told(file => foreign(bound('upper-bounds', 'id', Buffer.from('zzz'))(file)))).toEqual([])
  const counts = await told(file => ({
    ...file,
    'value-counts': new Map([...file['value-counts']!, [idOf('price'), 0n]]),
  }))
  expect(counts).toEqual(['value_count column price'])
  expect(await told(file => ({ ...file, 'column-sizes': new Map([[99, 1n]]) }))).toEqual(['column_unknown '])
  const nulls = await told(file => ({
    ...file,
    'null-value-counts': new Map([...file['null-value-counts']!, [idOf('price'), 3n]]),
  }))
  expect(nulls).toEqual(['null_count column price'])
})

it('a file that cannot be read is named, and the others are read', async () => {
  const { table, whole } = await silver()
  const path = join(folder.folder, 'garbage.parquet')
  await writeFile(path, 'PAR1 is not enough PAR1')
  const [first, ...rest] = whole
  const { faults, unreadable } = await verifyValues(table, [{ ...first!, path }, ...rest], workspace.engines[0]!)
  expect(faults.map(({ code, file }) => [code, file])).toEqual([['data_file_unreadable', first!.key]])
  expect([...unreadable]).toEqual([first!.file['file-path']])
})
