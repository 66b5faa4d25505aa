import { SluiceError } from '../../core/errors.js'
import { groupBy } from '../../core/group-by.js'
import { quoteText } from '../../engine/sql-text.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { Project } from '../project/project.js'
import type { ChosenRows } from './choose-quarantined.js'
import type { Hold } from './hold-book.js'
import type { RecalledCapture } from './recall.js'
import { recalled } from './recall-captures.js'
import { locateCaptures } from './stored-captures.js'

/** What a decision leaves, because nobody knows how to read it today. */
export interface LeftPipe {
  readonly pipe: string
  readonly rows: number
  readonly why: string
}

/** Holds and rows whose captures the pipes of today can read. */
export interface Declared {
  readonly holds: readonly Hold[]
  readonly rows: readonly ChosenRows[]
  readonly left: readonly LeftPipe[]
  /** The captures, where they stand. */
  readonly captures: readonly RecalledCapture[]
}

/** When each capture of holds and rows was received, in milliseconds by id. */
export function wantedCaptures(
  holds: readonly Hold[],
  rows: readonly { readonly captures: Iterable<readonly [string, number]> }[],
): ReadonlyMap<string, number> {
  return new Map([
    ...rows.flatMap(({ captures }) => [...captures]),
    ...holds.flatMap(({ captures }) => captures.map(({ id, received_at }) => [id, Date.parse(received_at)] as const)),
  ])
}

/** Captures by id, where they stand and with their pipes of today. Throws SLUICE_PIPE_UNKNOWN, SLUICE_CAPTURE_CORRUPT. */
export async function locateRecalled(
  wanted: ReadonlyMap<string, number>,
  project: Project,
  store: ObjectStore,
): Promise<RecalledCapture[]> {
  return recalled([...(await locateCaptures(store, wanted)).values()], project)
}

/**
 * Leaves out what pipes brought that cannot be read today: they are not declared any more, or have other parameters. When that is all of
 * it, or it was asked for by name, it is an error. Throws SLUICE_PIPE_UNKNOWN, SLUICE_CAPTURE_CORRUPT.
 */
export async function onlyDeclared(
  holds: readonly Hold[],
  rows: readonly ChosenRows[],
  { project, store, byName }: { readonly project: Project; readonly store: ObjectStore; readonly byName: boolean },
): Promise<Declared> {
  const received = rows.map(({ captures }) => ({
    captures: [...captures].map(([id, { receivedAtMs }]) => [id, receivedAtMs] as const),
  }))
  const stored = [...(await locateCaptures(store, wantedCaptures(holds, received))).values()]
  const faults = new Map<string, { readonly pipe: string; readonly cause: SluiceError }>()
  for (const own of groupBy(stored, ({ pipe, params }) =>
    JSON.stringify([pipe, Object.entries(params).sort()]),
  ).values()) {
    const fault = faultOf(() => recalled(own, project))
    if (fault !== undefined) for (const { id, pipe } of own) faults.set(id, { pipe, cause: fault })
  }
  const [fault] = faults.values()
  if (fault === undefined) return { holds, rows, left: [], captures: recalled(stored, project) }
  if (byName) throw fault.cause
  const isLeft = (hold: Hold): boolean => hold.captures.some(({ id }) => faults.has(id))
  const leftRows = rows.flatMap(({ captures }) =>
    [...captures].flatMap(([id, { rows: count }]) =>
      faults.has(id) ? [{ pipe: faults.get(id)!.pipe, rows: count }] : [],
    ),
  )
  const leftHolds = holds
    .filter(isLeft)
    .map(({ pipe, captures }) => ({ pipe, rows: captures.reduce((sum, { rows: count }) => sum + count, 0) }))
  const why = new Map([...faults.values()].map(({ pipe, cause }) => [pipe, cause.message]))
  const left = [...groupBy([...leftRows, ...leftHolds], ({ pipe }) => pipe)].map(([pipe, parts]) => ({
    pipe,
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    why: why.get(pipe) ?? '',
  }))
  const goOn = {
    holds: holds.filter(hold => !isLeft(hold)),
    rows: rows.map(chosen => withoutCaptures(chosen, faults)).filter(({ rows: count }) => count > 0),
  }
  if (goOn.holds.length + goOn.rows.length === 0) throw fault.cause
  const ids = new Set([
    ...goOn.holds.flatMap(hold => hold.captures.map(({ id }) => id)),
    ...goOn.rows.flatMap(chosen => [...chosen.captures.keys()]),
  ])
  const captures = recalled(
    stored.filter(({ id }) => ids.has(id)),
    project,
  )
  return { ...goOn, left, captures }
}

function withoutCaptures(chosen: ChosenRows, faults: ReadonlyMap<string, unknown>): ChosenRows {
  const gone = [...chosen.captures.keys()].filter(id => faults.has(id))
  if (gone.length === 0) return chosen
  const captures = new Map([...chosen.captures].filter(([id]) => !faults.has(id)))
  return {
    ...chosen,
    captures,
    sql: `${chosen.sql} AND _capture_id NOT IN (${gone.map(quoteText).join(', ')})`,
    rows: [...captures.values()].reduce((sum, { rows }) => sum + rows, 0),
  }
}

function faultOf(work: () => unknown): SluiceError | undefined {
  try {
    work()
    return undefined
  } catch (cause) {
    if (cause instanceof SluiceError && cause.kind === 'invalid') return cause
    throw cause
  }
}
