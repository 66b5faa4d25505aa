import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadProject } from '../../../src/pipeline/project/load-project.js'
import { projectChanges, projectMark } from '../../../src/pipeline/watch/project-changes.js'
import { type ProjectFolder, projectFolder } from '../../support/lakes.js'

let project: ProjectFolder
beforeEach(async () => {
  project = await projectFolder()
})
afterEach(() => project.remove())

const PIPE = 'pipes: [{ name: more, source: sample.events, contract: market_events }]\n'

describe('the mark of a project', () => {
  it.each([
    ['a pipe more', (at: string) => writeFile(join(at, 'pipes/more.yaml'), PIPE)],
    [
      'a pipe in a folder',
      async (at: string) => {
        await mkdir(join(at, 'pipes/fx'))
        await writeFile(join(at, 'pipes/fx/more.yaml'), PIPE)
      },
    ],
    ['a pipe less', (at: string) => rm(join(at, 'pipes/sample.yaml'))],
    ['another contract', (at: string) => appendFile(join(at, 'contracts/bars.odcs.yaml'), '\n')],
    ['another model', (at: string) => appendFile(join(at, 'models/gold/risk_summary.sql'), '\n')],
    ['other settings', (at: string) => appendFile(join(at, 'sluice.yaml'), '\n')],
    ['another key', (at: string) => writeFile(join(at, '.env'), 'FRED_API_KEY=x\n')],
    ['another table', (at: string) => appendFile(join(at, 'instruments.csv'), '\n')],
    ['another name', (at: string) => rename(join(at, 'pipes/sample.yaml'), join(at, 'pipes/other.yaml'))],
  ])('is another for %s', async (_, change) => {
    const before = await projectMark(project.folder)
    expect(await projectMark(project.folder)).toBe(before)
    await change(project.folder)
    expect(await projectMark(project.folder)).not.toBe(before)
  })

  it('is the same whatever becomes of the lake and of files that are no part of the project', async () => {
    const before = await projectMark(project.folder)
    await mkdir(join(project.folder, 'data_lake/pipes'), { recursive: true })
    await writeFile(join(project.folder, 'data_lake/pipes/x.yaml'), PIPE)
    await writeFile(join(project.folder, 'notes.md'), '')
    expect(await projectMark(project.folder)).toBe(before)
  })
})

describe('the changes of a project', () => {
  it('are read once; a fault is told once and the next change is read again', async () => {
    const { folder } = project
    const changes = projectChanges({ folder, mark: await projectMark(folder), load: () => loadProject({ folder }) })
    expect(await changes()).toEqual({ outcome: 'same' })
    await writeFile(join(folder, 'pipes/more.yaml'), 'pipes: [{ nam: more }]\n')
    expect(await changes()).toMatchObject({ outcome: 'broken', fault: { code: 'SLUICE_PIPE_INVALID' } })
    expect(await changes()).toEqual({ outcome: 'same' })
    await writeFile(join(folder, 'pipes/more.yaml'), PIPE)
    const change = await changes()
    expect(change.outcome === 'changed' && change.project.pipes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['more', 'sample-bars']),
    )
    expect(await changes()).toEqual({ outcome: 'same' })
  })
})
