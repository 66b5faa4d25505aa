import { type Death, type Ended, runDying, runHere } from './command.js'
import { plantFaults } from './fault-fs.js'
import { faultsOf, isNamedEnd, type Judged, runsOn, type Shown, shownBy } from './judge.js'

/** One command line over a lake that earlier ones have filled, and what an undisturbed end of it leaves. */
export interface Scenario extends Judged {
  readonly args: readonly string[]
  /** Runs on record before the command, and after it when nothing disturbs it. */
  readonly acknowledged: readonly string[]
  readonly complete: readonly string[]
  readonly undisturbed: Shown
  /** How many changes of the disk the command makes when nothing disturbs it. */
  readonly changes: number
}

export interface Prepared extends Judged {
  /** Command lines that fill the lake; the last is the one that is disturbed. */
  readonly steps: readonly (readonly string[])[]
}

/** Runs the steps undisturbed and keeps the lake before the last one. The lake is left as that one leaves it. */
export async function prepareScenario({ steps, ...judged }: Prepared): Promise<Scenario> {
  const { project, place } = judged
  for (const args of steps.slice(0, -1)) await mustEndWell(args)
  await place.keep()
  const acknowledged = await runsOn(project)
  const args = steps.at(-1)!
  let changed = 0
  const takeAway = await plantFaults(place.root, ({ changes }) => {
    if (changes) changed += 1
    return undefined
  })
  await mustEndWell(args).finally(takeAway)
  const [complete, undisturbed] = [await runsOn(project), await shownBy(judged)]
  return { ...judged, args, acknowledged, complete, undisturbed, changes: changed }
}

/** Whether the command died as told, and everything that is wrong then: in the lake as it was left, and after the same command once more. */
export async function judgeDeath(
  scenario: Scenario,
  death: Omit<Death, 'root'>,
): Promise<{ readonly died: boolean; readonly faults: string[] }> {
  await scenario.place.restore()
  const ended = await runDying(scenario.args, { root: scenario.place.root, ...death })
  return { died: ended.signal === 'SIGKILL', faults: await judgeEnd(scenario, ended) }
}

/** The same of a command that has ended in whatever way. */
export async function judgeEnd(scenario: Scenario, ended: Ended): Promise<string[]> {
  const acknowledged = ended.code === 0 ? scenario.complete : scenario.acknowledged
  const faults = await faultsOf(scenario, acknowledged)
  if (!isNamedEnd(ended)) faults.push(`it ended with ${ended.code} and no named error: ${ended.err.trim().slice(-300)}`)
  const again = await runHere(scenario.args)
  if (again.code !== 0)
    return [...faults, `the same command again ended with ${again.code}: ${again.err.trim().slice(-300)}`]
  faults.push(...(await faultsOf(scenario, scenario.complete)))
  const shown = await shownBy(scenario)
  for (const table of new Set([...Object.keys(scenario.undisturbed), ...Object.keys(shown)]))
    if (`${shown[table]}` !== `${scenario.undisturbed[table]}`)
      faults.push(
        `${table} is not what it is after an undisturbed run: ${differenceOf(shown[table], scenario.undisturbed[table])}`,
      )
  return faults
}

/** The first lines that only one has: enough to look for the rest. */
function differenceOf(one: readonly string[] = [], other: readonly string[] = []): string {
  const [more, less] = [one.filter(line => !other.includes(line)), other.filter(line => !one.includes(line))]
  return `${more.length} more (${more[0] ?? 'none'}), ${less.length} less (${less[0] ?? 'none'})`
}

async function mustEndWell(args: readonly string[]): Promise<void> {
  const { code, err } = await runHere(args)
  if (code !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${code}:\n${err}`)
}
