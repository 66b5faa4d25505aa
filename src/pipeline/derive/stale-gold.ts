import { z } from 'zod'
import { SluiceError } from '../../core/errors.js'
import type { Interval } from '../../gold/touched.js'
import { sharedState } from '../../lake/shared-state.js'
import { readState } from '../../lake/state.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { Sharing } from '../fetch/source-states.js'

const NAME = 'stale_gold'

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
export async function readDebts(store: ObjectStore): Promise<Debt[]> {
  return parse((await readState(store, NAME))?.value)
}

/**
 * Changes what gold owes, on the newest of it. Writes nothing when there is nothing to change. Throws SLUICE_METADATA_CORRUPT, and
 * SLUICE_STORE_UNAVAILABLE when others are faster every time.
 */
export function changeDebts(sharing: Sharing, decide: (known: readonly Debt[]) => readonly Debt[]): Promise<void> {
  const state = sharedState<readonly Debt[]>({ ...sharing, name: NAME, parse, toStored: all => all.map(toJson) })
  return state.change(known => ({ value: decide(known), result: undefined }))
}

/**
 * Takes back debts that were paid and puts new ones in the place of what the same run owed of the same table. One that has grown since it was
 * read stays: what came to it was not paid.
 */
export async function settleDebts(sharing: Sharing, paid: readonly Debt[], left: readonly Debt[]): Promise<void> {
  if (paid.length + left.length === 0) return
  const over = new Set(paid.map(debt => JSON.stringify(toJson(debt))))
  const replaced = new Set(left.map(keyOf))
  const isGone = (debt: Debt): boolean => over.has(JSON.stringify(toJson(debt))) || replaced.has(keyOf(debt))
  await changeDebts(sharing, known => [...known.filter(debt => !isGone(debt)), ...left])
}

function parse(stored: unknown): Debt[] {
  if (stored === undefined) return []
  const parsed = debts.safeParse(stored)
  if (!parsed.success)
    throw new SluiceError('SLUICE_METADATA_CORRUPT', `The state ${NAME} of the lake is none. Nothing was changed.`)
  return parsed.data.map(({ table, run_id, why, intervals }) => ({
    table,
    runId: run_id,
    why,
    changed: intervals.map(([start, end]) => ({ start, end })),
  }))
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
