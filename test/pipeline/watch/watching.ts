import { systemDeps } from '../../../src/pipeline/deps.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import type { Project } from '../../../src/pipeline/project/project.js'
import { run } from '../../../src/pipeline/run.js'
import type { ProjectChange } from '../../../src/pipeline/watch/project-changes.js'
import { type WatchEvent, watch } from '../../../src/pipeline/watch/watch.js'
import type { EndedRun, WatchStatus } from '../../../src/pipeline/watch/watch-status.js'

export interface Watching {
  /** Where the clock stands at the start. */
  readonly startMs: number
  /** The watch ends with the run of this number. */
  readonly runs: number
  readonly select?: readonly string[]
  /** Called after each run, by its number. */
  readonly afterRun?: (number: number) => void
  /** How late a wait ends: a machine that slept. */
  readonly lateMs?: number
  readonly changes?: () => Promise<ProjectChange>
  readonly onEvent?: (event: WatchEvent, stop: () => void) => void
}

export interface Watched {
  readonly runs: readonly EndedRun[]
  readonly events: readonly WatchEvent['kind'][]
  readonly status: WatchStatus
}

/** Watches a project with real runs, on a clock that waiting moves. */
export async function watched(project: Project, options: Watching): Promise<Watched> {
  const { changes = async () => ({ outcome: 'same' }) as const } = options
  let nowMs = options.startMs
  const clock = { now: () => nowMs, monotonicMs: () => performance.now() }
  const own = new AbortController()
  const runs: EndedRun[] = []
  const events: WatchEvent['kind'][] = []
  let status: WatchStatus | undefined
  await watch(
    project,
    { select: options.select ?? [], everyMs: 900_000, signal: own.signal },
    {
      clock,
      wait: async ms => {
        nowMs += ms + (options.lateMs ?? 0)
      },
      run: (due, signal) =>
        run(
          due,
          { ...PLAIN_RUN, signal },
          {
            ...systemDeps,
            clock,
            wait: async ms => {
              nowMs += ms
            },
          },
        ),
      changes,
      report: (event, next) => {
        status = next
        events.push(event.kind)
        options.onEvent?.(event, () => own.abort())
        if (event.kind !== 'run ended') return
        runs.push(event.run)
        options.afterRun?.(runs.length)
        if (runs.length === options.runs) own.abort()
      },
    },
  )
  return { runs, events, status: status! }
}
