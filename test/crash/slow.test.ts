import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Random, seededRandom } from '../../src/core/random.js'
import type { Scenario } from './campaign.js'
import { runChild, runHere } from './command.js'
import { type Late, type Operation, plantFaults } from './fault-fs.js'
import { faultsOf, runsOn, type Shown, shownBy } from './judge.js'
import { type KillProject, tinyProject } from './kill-scenarios.js'
import { tinyRun } from './tiny-project.js'

/** `SLUICE_CRASH_EVERY=1` holds back each change once; the suite one in so many. */
const EVERY = Number(process.env['SLUICE_CRASH_EVERY'] ?? 80)
const LONGEST_TURNS = 8

let project: KillProject
let scenario: Scenario
beforeAll(async () => {
  project = await tinyProject()
  scenario = project.scenarios['run']!
})
afterAll(() => project.close())

describe('a run on a slow disk', () => {
  it.each([1, 2, 3])(
    'of which every operation is late, in another order each, gives the same bytes (seed %i)',
    async seed => {
      await scenario.place.restore()
      const random = seededRandom(seed)
      let late = 0
      const takeAway = await plantFaults(scenario.place.root, () => {
        late += 1
        return lateBy(random)
      })
      const ended = await runHere(scenario.args).finally(takeAway)
      expect(ended).toMatchObject({ code: 0, err: expect.not.stringContaining('error') })
      expect(late).toBeGreaterThan(300)
      expect(await faultsOf(scenario, scenario.complete)).toEqual([])
      expect(await shownBy(scenario)).toEqual(scenario.undisturbed)
    },
  )

  it.each(['before', 'after'] as const)(
    'of which one change stands still, %s it is made, until another run has come and gone, publishes beside that one',
    { timeout: 600_000 },
    async when => {
      const expected = await shownAfterBoth()
      const faults: string[] = []
      let held = 0
      for (let at = 1 + when.length; at <= scenario.changes; at += EVERY) {
        await scenario.place.restore()
        const { stood, found } = await holdOne(at, when, expected)
        if (stood) held += 1
        faults.push(...found)
      }
      expect(faults).toEqual([])
      expect(held).toBeGreaterThan(100 / EVERY)
    },
  )
})

/**
 * The file of the run that is held back comes a second time, by a process that nothing holds back: in one process a commit would wait for the one
 * before it.
 */
function rival(): string[] {
  return tinyRun(scenario.project, 'second', 'r3')
}

/** What stands in the tables, without the names of the runs that wrote it. */
function content(): Promise<Shown> {
  return shownBy({ ...scenario, isTimed: false })
}

async function shownAfterBoth(): Promise<Shown> {
  await scenario.place.restore()
  expect((await runHere(scenario.args)).code).toBe(0)
  expect((await runHere(rival())).code).toBe(0)
  return content()
}

/** Holds a run at its `at`-th change until the rival has ended. Whether it stood, and everything that is wrong then. */
async function holdOne(
  at: number,
  late: Late['late'],
  expected: Shown,
): Promise<{ readonly stood: boolean; readonly found: string[] }> {
  let changed = 0
  let letGo = (): void => undefined
  const gate = new Promise<void>(resolve => {
    letGo = resolve
  })
  let stands = (_: string): void => undefined
  const standing = new Promise<string>(resolve => {
    stands = resolve
  })
  const takeAway = await plantFaults(scenario.place.root, ({ name, path, changes }: Operation) => {
    if (changes) changed += 1
    if (!changes || changed !== at) return undefined
    stands(`${name} ${path.slice(scenario.place.root.length)}`)
    return { late, pass: () => gate }
  })
  const slow = runHere(scenario.args)
  const where = await Promise.race([standing, slow.then(() => undefined)])
  const quick = where === undefined ? undefined : await runChild(rival())
  letGo()
  const ended = await slow.finally(takeAway)
  if (where === undefined) return { stood: false, found: [] }
  const found = [ended, quick!].flatMap(({ code, err }) =>
    code === 0 ? [] : [`a run ended with ${code}: ${err.slice(-300)}`],
  )
  found.push(...(await faultsOf(scenario, [...scenario.complete, 'r3'])))
  const runs = await runsOn(scenario.project)
  if (new Set(runs).size !== runs.length) found.push(`a run is on record twice: ${runs.join(', ')}`)
  const shown = await content()
  for (const table of Object.keys({ ...expected, ...shown }))
    if (`${shown[table]}` !== `${expected[table]}`) found.push(`${table} has ${shown[table]}, not ${expected[table]}`)
  return { stood: true, found: found.map(text => `${late} ${at}, ${where}: ${text}`) }
}

/** A few turns of the event loop: whatever else is ready goes first. */
function lateBy(random: Random): Late {
  const turns = Math.floor(random() * LONGEST_TURNS)
  return {
    late: random() < 0.5 ? 'before' : 'after',
    pass: async () => {
      for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => setImmediate(resolve))
    },
  }
}
