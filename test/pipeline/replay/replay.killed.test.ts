import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ticks, ticksText } from '../../support/contracts.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { again, liveBytes } from './replaying.js'
import { fill, TABLES, ticksLake, V1 } from './ticks-lake.js'

const REGISTER = new URL('../../../node_modules/jiti/lib/jiti-register.mjs', import.meta.url).href
const CHILD = fileURLToPath(new URL('replay-child.ts', import.meta.url))
/** Rejects a row that is published. */
const STRICTER = {
  ...V1,
  version: '1.3.0',
  quality: ['{ id: not_f7, type: custom, engine: sluice, implementation: "id <> \'f7\'", severity: error }'],
}

let folder: ProjectFolder
let filled: TestLake
/** What an undisturbed replay makes of it. */
let undisturbed: readonly string[]
beforeAll(async () => {
  folder = await projectFolder()
  const lake = ticksLake(folder)
  await fill(lake, folder)
  filled = lake.with({ contracts: [...folder.project.contracts, ticks(STRICTER)] })
  const other = await copy()
  await again(other)
  undisturbed = await liveBytes(other, TABLES)
})
afterAll(() => folder.remove())

async function copy(): Promise<TestLake> {
  const { config } = folder.lake().project
  await cp(filled.root, config.lake, { recursive: true })
  return filled.with({ config: { ...filled.project.config, lake: config.lake } })
}

async function killedAt(dieAt: string, { project }: TestLake): Promise<void> {
  const { config, pipes } = project
  const work = {
    folder: folder.folder,
    config,
    pipes,
    contract: ticksText(STRICTER),
    nowMs: Date.UTC(2026, 2, 1),
    dieAt,
  }
  const args = ['--import', REGISTER, CHILD, JSON.stringify(work)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
}

describe('a replay that is killed', () => {
  it.each([
    ['publish', 'by the same work', {}],
    // Another project is other work under another id: what the first had committed is taken over.
    ['metrics', 'by other work', { contracts: [ticks(STRICTER)] }],
  ])(
    'at %s leaves every table readable, and made again %s gives the bytes of one that was not',
    async (step, _, parts) => {
      const lake = await copy()
      await killedAt(step, lake)
      const [row] = await lake.rows(
        'SELECT count(*)::INTEGER AS n, count(DISTINCT (id, moment))::INTEGER AS keys FROM silver.ticks',
      )
      expect(row!['n']).toBe(row!['keys'])
      const { record } = await again(lake.with(parts))
      expect(record?.status).toBe('published')
      expect(record?.repeated).toBeUndefined()
      expect(await liveBytes(lake, TABLES)).toEqual(undisturbed)
      expect(await lake.rows('SELECT count(*)::INTEGER AS n FROM bronze.ticks')).toEqual([{ n: 40 }])
      expect((await again(lake.with(parts))).outcome).toBe('unchanged')
    },
  )
})
