import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Death, type Ended, runDying, runHere } from './command.js'
import { faultsOf, isNamedEnd, type Judged, type Shown, shownBy } from './judge.js'

/** One command line over a lake that earlier ones have filled, and what an undisturbed end of it leaves. */
export interface Scenario extends Judged {
  readonly args: readonly string[]
  /** The lake before the command. */
  readonly before: string
  /** Runs that ended well before it. */
  readonly acknowledged: readonly string[]
  /** The run that the command makes. */
  readonly runId: string
  readonly undisturbed: Shown
}

export interface Prepared {
  readonly project: string
  readonly keys: Judged['keys']
  /** Command lines that fill the lake, each with the run that it makes; the last is the one that is disturbed. */
  readonly steps: readonly { readonly args: readonly string[]; readonly runId: string }[]
}

/** Runs the steps undisturbed and keeps the lake before the last one. */
export async function prepareScenario({ project, keys, steps }: Prepared): Promise<Scenario> {
  const lake = join(project, 'data_lake')
  const before = mkdtempSync(join(tmpdir(), 'sluice-crash-'))
  for (const { args } of steps.slice(0, -1)) await mustEndWell(args)
  if (existsSync(lake)) cpSync(lake, before, { recursive: true })
  const { args, runId } = steps.at(-1)!
  await mustEndWell(args)
  const undisturbed = await shownBy({ project, lake, keys })
  const acknowledged = steps.slice(0, -1).map(step => step.runId)
  return { project, keys, args, before, lake, acknowledged, runId, undisturbed }
}

/** Puts the lake back to where it was before the command. */
export function restore({ before, lake }: Scenario): void {
  rmSync(lake, { recursive: true, force: true })
  cpSync(before, lake, { recursive: true })
}

/** Whether the command died as told, and everything that is wrong then: in the lake as it was left, and after the same command once more. */
export async function judgeDeath(
  scenario: Scenario,
  death: Omit<Death, 'root'>,
): Promise<{ readonly died: boolean; readonly faults: string[] }> {
  restore(scenario)
  const ended = await runDying(scenario.args, { root: scenario.lake, ...death })
  return { died: ended.signal === 'SIGKILL', faults: await judgeEnd(scenario, ended) }
}

/** The same of a command that has ended in whatever way. */
export async function judgeEnd(scenario: Scenario, ended: Ended): Promise<string[]> {
  const acknowledged = ended.code === 0 ? [...scenario.acknowledged, scenario.runId] : scenario.acknowledged
  const faults = await faultsOf(scenario, acknowledged)
  if (!isNamedEnd(ended)) faults.push(`it ended with ${ended.code} and no named error: ${ended.err.trim().slice(-300)}`)
  const again = await runHere(scenario.args)
  if (again.code !== 0)
    return [...faults, `the same command again ended with ${again.code}: ${again.err.trim().slice(-300)}`]
  faults.push(...(await faultsOf(scenario, [...scenario.acknowledged, scenario.runId])))
  const shown = await shownBy(scenario)
  for (const table of new Set([...Object.keys(scenario.undisturbed), ...Object.keys(shown)]))
    if (`${shown[table]}` !== `${scenario.undisturbed[table]}`)
      faults.push(`${table} has other files than after an undisturbed run: ${shown[table]}`)
  return faults
}

async function mustEndWell(args: readonly string[]): Promise<void> {
  const { code, err } = await runHere(args)
  if (code !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${code}:\n${err}`)
}
