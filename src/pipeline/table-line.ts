import { ownMark, type ProcessMark, stateOf } from '../core/process-mark.js'
import type { TableName } from '../lake/catalog.js'
import { tableKey } from '../lake/table-location.js'
import { sharedState } from '../sources/http/shared-state.js'
import type { Sharing } from './fetch/source-states.js'
import type { RunContext } from './run-context.js'

/** Tries before a run stands in line. Nearly every conflict is over by then, and nobody has to look at the line before. */
const FREE_TRIES = 3
const TRIES = 40

/** Whose holder is of another machine may hold the line up for ever: then a run tries out of turn. */
const LONGEST_WAIT_MS = 60_000
const STALE_AFTER_MS = 600_000
const PAUSE_MS = 100

/** A run that has lost several times, in the line of a table. */
interface Place {
  readonly id: string
  readonly process: ProcessMark
  readonly sinceMs: number
}

/** The lines of tables by the keys of these, whoever came first in front. */
type LineBook = Readonly<Record<string, readonly Place[]>>

type Waiter = Pick<RunContext, 'deps' | 'wallClock' | 'timeline'> & {
  readonly workspace: { readonly lake: { readonly store: Sharing['store'] } }
}

/**
 * Tries to publish to a table until it is done; `attempt` gives undefined when another writer was first, and is then made again. Writers that never rest
 * would take each try from a slow one, so that whoever has lost several stands in line and meets newcomers only. The line is advice: commits decide.
 * Undefined when all tries were lost.
 */
export async function untilPublished<Result>(
  table: TableName,
  run: Waiter,
  attempt: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  const line = lineOf(table, run)
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      if (tries >= FREE_TRIES) await line.turn()
      const result = await attempt()
      if (result !== undefined) return result
    }
    return undefined
  } finally {
    await line.leave()
  }
}

/** The line of a table as one run sees it. `turn`: resolves when nobody is before it, or after a minute. */
function lineOf(
  table: TableName,
  { deps, wallClock, workspace, timeline }: Waiter,
): { turn(): Promise<void>; leave(): Promise<void> } {
  const key = tableKey(table)
  const { wait, random } = deps
  const parse = (stored: unknown): LineBook => (stored ?? {}) as LineBook
  const state = sharedState({ store: workspace.lake.store, name: 'table_lines', parse, wait, random })
  const own = { id: deps.ids.uuid(), process: ownMark(), sinceMs: wallClock.now() }
  let entered = false
  const isWaiting = ({ process, sinceMs }: Place): boolean =>
    wallClock.now() - sinceMs < STALE_AFTER_MS && stateOf(process, own.process) !== 'dead'

  const change = (to: (line: readonly Place[]) => readonly Place[]): Promise<void> =>
    state.change(book => {
      const line = to((book[key] ?? []).filter(isWaiting))
      const { [key]: _before, ...others } = book
      return { value: line.length === 0 ? others : { ...others, [key]: line }, result: undefined }
    })

  async function awaitFront(): Promise<void> {
    const began = wallClock.monotonicMs()
    while (wallClock.monotonicMs() - began < LONGEST_WAIT_MS) {
      const [front] = ((await state.read())[key] ?? []).filter(isWaiting)
      if (front === undefined || front.id === own.id) return
      await wait(PAUSE_MS * (0.5 + random()))
    }
  }

  return {
    async turn() {
      if (entered) return
      entered = true
      await change(line => [...line, own])
      await timeline.measure('wait', `${table.layer}.${table.dataset}`, awaitFront)
    },
    async leave() {
      // A place that stays is gone with its process.
      if (entered) await change(line => line.filter(({ id }) => id !== own.id)).catch(() => undefined)
    },
  }
}
