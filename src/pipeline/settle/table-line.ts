import { ownMark, type ProcessMark, stateOf } from '../../core/process-mark.js'
import type { TableName } from '../../lake/catalog.js'
import { sharedState } from '../../lake/shared-state.js'
import { tableKey } from '../../lake/table-location.js'
import type { Sharing } from '../fetch/source-states.js'
import type { RunContext } from '../run-context.js'

/** Tries before a run stands in line: nobody has to look at the line for them. */
const FREE_TRIES = 2
const TRIES = 40

/** So long a run may stand in front before those behind it put it out: of one of another machine nobody can say whether it still lives. */
const PATIENCE_MS = { alive: 600_000, unknown: 60_000, dead: 0 } as const
const PAUSE_MS = 100

/** A run that has lost, in the line of a table. */
interface Place {
  readonly id: string
  readonly process: ProcessMark
}

/** The lines of tables by the keys of these, whoever came first in front. */
type LineBook = Readonly<Record<string, readonly Place[]>>

type Waiter = Pick<RunContext, 'deps' | 'timeline'> & {
  readonly workspace: { readonly lake: { readonly store: Sharing['store'] } }
}

/**
 * Tries to publish to a table until it is done; `attempt` gives undefined when another writer was first, and is then made again. Writers that never rest
 * would take each try from a slow one, so that whoever has lost twice stands in line and meets newcomers only. The line is advice: commits decide.
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

/** The line of a table as one run sees it. `turn`: resolves when nobody is before it any more. */
function lineOf(
  table: TableName,
  { deps, workspace, timeline }: Waiter,
): { turn(): Promise<void>; leave(): Promise<void> } {
  const key = tableKey(table)
  const { clock, wait, random } = deps
  const parse = (stored: unknown): LineBook => (stored ?? {}) as LineBook
  const state = sharedState({ store: workspace.lake.store, name: 'table_lines', parse, wait, random })
  const own = { id: deps.ids.uuid(), process: ownMark() }
  let entered = false

  const change = (to: (line: readonly Place[]) => readonly Place[]): Promise<void> =>
    state.change(book => {
      const { [key]: line = [], ...others } = book
      const next = to(line)
      return { value: next.length === 0 ? others : { ...others, [key]: next }, result: undefined }
    })
  const leave = (id: string): Promise<void> => change(line => line.filter(place => place.id !== id))

  async function awaitFront(): Promise<void> {
    let [seen, sinceMs] = ['', 0]
    for (;;) {
      const line = (await state.read())[key] ?? []
      const [front] = line
      // Others may have lost their patience with this run too.
      if (front === undefined || front.id === own.id || line.every(({ id }) => id !== own.id)) return
      if (front.id !== seen) [seen, sinceMs] = [front.id, clock.monotonicMs()]
      if (clock.monotonicMs() - sinceMs >= PATIENCE_MS[stateOf(front.process, own.process)]) await leave(front.id)
      else await wait(PAUSE_MS * (0.5 + random()))
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
      // A place that stays is put out by those behind it.
      if (entered) await leave(own.id).catch(() => undefined)
    },
  }
}
