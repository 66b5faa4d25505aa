import { resolve } from 'node:path'
import { durationMs } from '../core/duration.js'
import { SluiceError } from '../core/errors.js'
import { type Deps, systemDeps } from '../pipeline/deps.js'
import type { WatchStatus } from '../pipeline/watch/watch-status.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { watchLine } from './render-watch.js'
import type { Terminal } from './terminal.js'
import { untilInterrupted } from './until-interrupted.js'

export interface WatchCommandOptions extends Omit<ProjectOptions, 'output'> {
  readonly every?: string
  readonly port?: string
}

const EVERY = 'PT15M'
const LARGEST_PORT = 65_535

/**
 * `sluice watch`: runs what is due until SIGINT, SIGTERM or the signal, then publishes what is fetched and gives 0. Signals after the
 * first do what they did before.
 */
export async function watchCommand(
  select: readonly string[],
  options: WatchCommandOptions,
  terminal: Terminal,
  stop?: AbortSignal,
  deps: Deps = systemDeps,
): Promise<number> {
  const everyMs = everyOf(options.every ?? EVERY)
  const port = portOf(options.port)
  const [{ watch }, { projectChanges, projectMark }, { openHealthPort }, { run }, { PLAIN_RUN }] = await Promise.all([
    import('../pipeline/watch/watch.js'),
    import('../pipeline/watch/project-changes.js'),
    import('../pipeline/watch/health-port.js'),
    import('../pipeline/run.js'),
    import('../pipeline/open-lake.js'),
  ])
  const load = () => openProject(options, terminal)
  const folder = await folderOf(options, terminal)
  const mark = await projectMark(folder)
  const project = await load()
  let status: WatchStatus | undefined
  await using health = port === undefined ? undefined : await openHealthPort(port, () => status)
  if (health !== undefined) terminal.note(`health at ${health.url}/healthz, figures at ${health.url}/metrics\n`)

  const ended = new AbortController()
  const interrupted = new AbortController()
  const listening = untilInterrupted(stop === undefined ? ended.signal : AbortSignal.any([stop, ended.signal]))
  void listening.then(() => {
    if (ended.signal.aborted) return
    terminal.note('stopping: what is fetched is published; once more to stop at once\n')
    interrupted.abort()
  })
  try {
    await watch(
      project,
      { select, everyMs, signal: interrupted.signal },
      {
        clock: deps.clock,
        wait: deps.wait,
        run: (due, signal) => run(due, { ...PLAIN_RUN, signal }, deps),
        changes: projectChanges({ folder, mark, load }),
        report: (event, next) => {
          status = next
          const line = watchLine(event, next)
          if (line !== undefined) terminal.note(`${line}\n`)
        },
      },
    )
  } finally {
    ended.abort()
    await listening
  }
  terminal.note('stopped\n')
  return 0
}

async function folderOf({ project }: WatchCommandOptions, terminal: Terminal): Promise<string> {
  const { findProject } = await import('../pipeline/project/find-project.js')
  return project === undefined ? findProject(terminal.folder) : resolve(terminal.folder, project)
}

function everyOf(text: string): number {
  const ms = durationMs(text) ?? 0
  if (ms > 0) return ms
  throw refusal(`--every is an ISO 8601 duration of weeks, days or less, as PT15M, not "${text}"`)
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text) && Number(text) <= LARGEST_PORT) return Number(text)
  throw refusal(`--port is a whole number up to ${LARGEST_PORT}, not "${text}"`)
}

function refusal(reason: string): SluiceError {
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${reason}. Nothing was started.`)
}
