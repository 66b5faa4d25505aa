import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeDeath, judgeEnd, type Scenario } from './campaign.js'
import { runHere } from './command.js'
import { type Fault, type Operation, plantFaults } from './fault-fs.js'
import { type KillProject, tinyProject } from './kill-scenarios.js'

/** `SLUICE_CRASH_EVERY=1` visits every operation; the suite visits every so many, from another one on for each kind. */
const EVERY = Number(process.env['SLUICE_CRASH_EVERY'] ?? 60)

/** Fewer operations, and fewer that change something, than any run needs: with less, no fault was planted. */
const [LEAST_OPERATIONS, LEAST_CHANGES] = [300, 100]

let project: KillProject
let scenario: Scenario
beforeAll(async () => {
  project = await tinyProject()
  scenario = project.scenarios['run']!
})
afterAll(() => project.close())

/** Of one test: there may be thousands of operations to visit. */
const timeout = 7_200_000

describe('a run of which one file operation fails', { timeout }, () => {
  it.each<Fault>(['before:EIO', 'before:ENOSPC', 'before:EMFILE', 'before:EACCES', 'after:EIO'])(
    'with %s leaves a lake that is whole, and ends well when it is run again',
    async fault => {
      const faults: string[] = []
      let visited = 0
      for (let at = 1 + ((fault.length * 7) % EVERY); ; at += EVERY) {
        await scenario.place.restore()
        let [operations, planted] = [0, '']
        const plan = ({ name, path }: Operation): Fault | undefined => {
          operations += 1
          if (operations !== at) return undefined
          planted = `${name} ${path.slice(scenario.place.root.length)}`
          return fault
        }
        const takeAway = await plantFaults(scenario.place.root, plan)
        const ended = await runHere(scenario.args).finally(takeAway)
        if (planted === '') break
        visited += 1
        faults.push(...(await judgeEnd(scenario, ended)).map(found => `${fault} at ${at}, ${planted}: ${found}`))
      }
      expect(faults).toEqual([])
      expect(visited).toBeGreaterThan(LEAST_OPERATIONS / EVERY)
    },
  )
})

describe('a run that dies', { timeout }, () => {
  it.each(['kill-before', 'kill-after'] as const)('%s a change leaves the same', async fault => {
    const faults: string[] = []
    let visited = 0
    for (let at = 1 + ((fault.length * 7) % EVERY); ; at += EVERY) {
      const { died, faults: found } = await judgeDeath(scenario, { at, fault })
      if (!died) break
      visited += 1
      faults.push(...found.map(text => `${fault} ${at}: ${text}`))
    }
    expect(faults).toEqual([])
    expect(visited).toBeGreaterThan(LEAST_CHANGES / EVERY)
  })
})
