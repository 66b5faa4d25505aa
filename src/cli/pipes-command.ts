import { type Clock, systemClock } from '../core/clock.js'
import type { TriedPipe } from '../pipeline/pipes/try-pipe.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { paramsOf } from './params-flag.js'
import { renderPipes } from './render-pipes.js'
import { beginningOf, renderTried } from './render-tried.js'
import type { Terminal } from './terminal.js'

/** `sluice pipes [PATTERN…]`. */
export async function pipesCommand(
  patterns: readonly string[],
  options: ProjectOptions,
  terminal: Terminal,
  clock: Clock = systemClock,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { pipeStates } = await import('../pipeline/pipes/pipe-states.js')
  const { systemDeps } = await import('../pipeline/deps.js')
  const report = await pipeStates(project, patterns, { ...systemDeps, clock, env: terminal.env })
  if (json) writeJson(terminal, report)
  else terminal.write(renderPipes(report, terminal))
  return 0
}

/** `sluice pipes test NAME`: 0 when a run would get what it needs, 3 or 4 as an error of that kind, 5 when the contract accepts no record. */
export async function pipesTestCommand(
  name: string,
  options: ProjectOptions & { readonly param?: readonly string[] },
  terminal: Terminal,
  clock: Clock = systemClock,
): Promise<number> {
  const json = wantsJson(options.output)
  const params = paramsOf(options.param ?? [])
  const project = await openProject(options, terminal)
  const { tryPipe } = await import('../pipeline/pipes/try-pipe.js')
  const { systemDeps } = await import('../pipeline/deps.js')
  const tried = await tryPipe(project, { name, params }, { ...systemDeps, clock, env: terminal.env })
  if (json) writeJson(terminal, withBeginning(tried))
  else terminal.write(renderTried(tried, terminal))
  return exitCodeOf(tried)
}

function withBeginning({ answer, ...tried }: TriedPipe) {
  if (answer === null) return { ...tried, answer }
  const { body, ...rest } = answer
  return { ...tried, answer: { ...rest, begins: beginningOf(body) } }
}

function exitCodeOf({ meaning, records, mayHoldNone }: TriedPipe): number {
  if (meaning === 'unavailable' || meaning === 'rate_limited') return 4
  if (meaning === 'empty') return 0
  if (meaning !== 'data' || records === null) return 3
  if (records.records === 0) return mayHoldNone ? 0 : 3
  return records.accepted + records.notFinal === 0 ? 5 : 0
}
