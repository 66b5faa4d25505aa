import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killAtRandom } from './kill-campaign.js'
import { bankProject, type KillProject, sampleProject, tinyProject } from './kill-scenarios.js'

/**
 * Percent of the kills. Tiny runs cost a second each, those that ask banks two, those of the sample five to ten: few of these are enough to see
 * that larger tables behave no differently.
 */
describe.each([
  ['a tiny project', tinyProject, { run: 56 }],
  ['a project that asks banks', bankProject, { run: 21, backfill: 21 }],
  ['a new project with its sample', sampleProject, { run: 1, backfill: 1 }],
] as const)('%s, killed at random moments, is finished by the same command:', (name, prepare, percents) => {
  let project: KillProject | undefined
  beforeAll(async () => {
    project = await prepare()
  }, 1_800_000)
  afterAll(() => project?.close())

  it.each(Object.entries(percents))('%s, %s of 100 kills', { timeout: 7_200_000 }, async (command, percent) => {
    const { kills, died, faults } = await killAtRandom(`${command} of ${name}`, project!.scenarios[command]!, percent)
    expect(faults).toEqual([])
    expect(died).toBeGreaterThanOrEqual(Math.floor(kills / 2))
  })
})
