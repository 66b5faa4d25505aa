import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { prepareScenario, type Scenario } from '../../crash/campaign.js'
import { answerOf, runHere } from '../../crash/command.js'
import { shownBy } from '../../crash/judge.js'
import { folderPlace } from '../../crash/lake-place.js'
import { TINY_KEYS, tinyRun, writeTinyProject } from '../../crash/tiny-project.js'

let scenario: Scenario
beforeAll(async () => {
  const project = mkdtempSync(join(tmpdir(), 'sluice-lost-'))
  await writeTinyProject(project)
  const nothing = tinyRun(project, 'second', 'r2')
  const steps = [tinyRun(project, 'first', 'r1'), tinyRun(project, 'second', 'r2'), nothing]
  scenario = await prepareScenario({ project, place: folderPlace(project), keys: TINY_KEYS, isTimed: false, steps })
})
beforeEach(() => scenario.place.restore())
afterAll(async () => {
  await scenario.place.forget()
  rmSync(scenario.project, { recursive: true })
})

async function verified(): Promise<{ readonly code: number | null; readonly codes: readonly string[] }> {
  const { code, out } = await runHere(['verify', '--project', scenario.project, '--output', 'json'])
  const { faults } = JSON.parse(out) as { faults: { code: string }[] }
  return { code, codes: [...new Set(faults.map(fault => fault.code))] }
}

const TABLES = ['bronze/ticks', 'silver/ticks', 'quarantine/ticks', 'gold/daily_ticks']
const LOST: Readonly<Record<string, readonly string[]>> = {
  every: ['table_missing'],
  'the newest': ['hint_missing', 'commit_missing'],
}
const WAYS = TABLES.flatMap(table => [
  [table, 'the newest'],
  [table, 'every'],
])

describe('the way out of lost metadata that the guide tells', () => {
  it.each(WAYS)(
    'leads from a lake in which %s lacks %s metadata file to one that verifies, with the same rows',
    async (table, which) => {
      const folder = join(scenario.place.root, table!, 'contract_version=v1/metadata')
      const names = readdirSync(folder)
        .filter(name => name.endsWith('.metadata.json'))
        .sort()
      for (const name of which === 'every' ? names : names.slice(-1)) rmSync(join(folder, name))

      const replay = ['replay', '--project', scenario.project, '--run-id', 'again']
      expect(await runHere(replay)).toMatchObject({ code: 7, err: expect.stringContaining('verify-a-lake.md') })
      const before = await verified()
      expect(before).toMatchObject({ code: 7 })
      rmSync(join(folder, 'version-hint.text'))
      // The commits are gone, and what they held is not made again yet.
      expect(await verified()).toMatchObject({ code: 7, codes: LOST[which!] })

      expect((await runHere(replay)).code).toBe(0)
      expect(await verified()).toEqual({ code: 0, codes: ['commit_replaced'] })
      expect(await shownBy(scenario)).toEqual(scenario.undisturbed)
      expect((await runHere(['verify', 'r2', '--project', scenario.project])).code).toBe(0)
      // Runs go on.
      expect((await runHere(tinyRun(scenario.project, 'second', 'r3'))).code).toBe(0)
      expect((await verified()).code).toBe(0)
      expect(await answerOf(['runs', 'show', 'again', '--project', scenario.project])).toMatchObject({
        status: 'published',
      })
    },
  )
})
