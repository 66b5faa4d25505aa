import { z } from 'zod'
import { SluiceError } from '../core/errors.js'
import type { Interval } from '../gold/touched.js'
import type { Lake } from '../lake/lake.js'
import { readState, writeState } from '../lake/state.js'

const NAME = 'stale_gold'
const TRIES = 20

const debts = z.array(
  z.strictObject({
    table: z.string(),
    run_id: z.string(),
    why: z.string().optional(),
    intervals: z.array(z.tuple([z.int(), z.int()])),
  }),
)

/** Time that changed in the inputs of a gold table and that a run could not derive: a later run owes it. */
export interface Debt {
  /** As SQL names it: `gold.price_bars`. */
  readonly table: string
  readonly runId: string
  /** Why it could not. */
  readonly why?: string | undefined
  readonly changed: readonly Interval[]
}

/** What runs before this one left behind. Throws SLUICE_METADATA_CORRUPT. */
export async function readDebts(lake: Pick<Lake, 'store'>): Promise<Debt[]> {
  return (await readAll(lake)).debts
}

/**
 * Takes back debts that were paid and adds new ones; those of other runs stay. Writes nothing when there is nothing to change.
 * Throws SLUICE_COMMIT_CONFLICT when others are faster every time.
 */
export async function settleDebts(lake: Lake, paid: readonly Debt[], left: readonly Debt[]): Promise<void> {
  if (paid.length + left.length === 0) return
  const gone = new Set([...paid, ...left].map(keyOf))
  for (let tries = 0; tries < TRIES; tries++) {
    const { n, debts: all } = await readAll(lake)
    const rest = all.filter(debt => !gone.has(keyOf(debt)))
    const written = await writeState(lake.store, NAME, n, [...rest, ...left].map(toJson))
    if (written.outcome === 'written') return
  }
  const message = `What is left to derive could not be noted: ${TRIES} writes lost against other runs.`
  throw new SluiceError('SLUICE_COMMIT_CONFLICT', message)
}

async function readAll(lake: Pick<Lake, 'store'>): Promise<{ readonly n: number; readonly debts: Debt[] }> {
  const state = await readState(lake.store, NAME)
  if (state === undefined) return { n: 0, debts: [] }
  const parsed = debts.safeParse(state.value)
  if (!parsed.success)
    throw new SluiceError('SLUICE_METADATA_CORRUPT', `The state ${NAME} of the lake is none. Nothing was changed.`)
  return {
    n: state.n,
    debts: parsed.data.map(({ table, run_id, why, intervals }) => ({
      table,
      runId: run_id,
      why,
      changed: intervals.map(([start, end]) => ({ start, end })),
    })),
  }
}

function keyOf({ table, runId }: Debt): string {
  return `${table} ${runId}`
}

function toJson({ table, runId, why, changed }: Debt): z.infer<typeof debts>[number] {
  return {
    table,
    run_id: runId,
    ...(why !== undefined && { why }),
    intervals: changed.map(({ start, end }) => [start, end]),
  }
}
