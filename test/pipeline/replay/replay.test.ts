import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Replayed, type ReplayOptions, replay } from '../../../src/pipeline/replay/replay-lake.js'
import { ticks } from '../../support/contracts.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { fill, LATER, TABLES, ticksLake } from './ticks-lake.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

function again({ project }: TestLake, options: Partial<ReplayOptions> = {}): Promise<Replayed> {
  const plain = { datasets: [], select: [], dryRun: false, allowDqBreach: false, nowMs: LATER }
  return replay(project, { ...plain, ...options })
}

describe('a replay', () => {
  it('of a lake whose rows came in several runs changes no row, and a second one changes nothing', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const before = await lake.contents(TABLES)
    const first = await again(lake)
    expect(await lake.contents(TABLES)).toEqual(before)
    expect(first).toMatchObject({ record: { status: 'published', rebuilt: { lost: [] } } })
    const files = await lake.files()
    expect((await again(lake)).outcome).toBe('unchanged')
    expect(await lake.files()).toEqual(files)
  })
})
