import { groupBy } from '../../core/group-by.js'

/** What a run saw of a dataset's parts: of the pipes of silver, or of a gold table, whose only part has an empty name. */
export interface Seen {
  /** As SQL names it. */
  readonly dataset: string
  readonly part: string
  /** Why what is due is not there; undefined: it is. */
  readonly stale: string | undefined
}

/** How a dataset stands. It is stale while a part of it is. */
export interface Standing {
  readonly stale: readonly string[]
  readonly why: string
  /** When it went stale last, ISO 8601. */
  readonly since: string
  /** The run in which it went stale or fresh last. */
  readonly turnedBy: string
}

/** By dataset; those that were never stale are not in it. */
export type FreshnessBook = Readonly<Record<string, Standing>>

export interface FreshnessMove {
  readonly dataset: string
  readonly to: 'stale' | 'fresh'
  /** ISO 8601 */
  readonly since: string
  readonly pipes: readonly string[]
  readonly why: string
}

/**
 * The book after a run, and the datasets that went stale or fresh in it. Said twice for a run it gives the same moves. The book itself
 * comes back when nothing changed. Pure.
 */
export function afterRun(
  book: FreshnessBook,
  seen: readonly Seen[],
  { runId, at }: { readonly runId: string; readonly at: string },
): { readonly book: FreshnessBook; readonly moves: readonly FreshnessMove[] } {
  const changed: Record<string, Standing> = {}
  const moves: FreshnessMove[] = []
  for (const [dataset, parts] of groupBy(seen, ({ dataset }) => dataset)) {
    const before = book[dataset]
    const after = standingAfter(before, parts, { runId, at })
    if (after === undefined) continue
    if (after !== before) changed[dataset] = after
    if (after.turnedBy !== runId) continue
    const to = after.stale.length > 0 ? 'stale' : 'fresh'
    moves.push({ dataset, to, since: after.since, pipes: after.stale.filter(part => part !== ''), why: after.why })
  }
  return { book: Object.keys(changed).length === 0 ? book : { ...book, ...changed }, moves }
}

function standingAfter(
  before: Standing | undefined,
  parts: readonly Seen[],
  { runId, at }: { readonly runId: string; readonly at: string },
): Standing | undefined {
  const known = before?.stale ?? []
  const fresh = new Set(parts.filter(({ stale }) => stale === undefined).map(({ part }) => part))
  const bad = parts.filter(({ stale }) => stale !== undefined)
  const stale = [...new Set([...known.filter(part => !fresh.has(part)), ...bad.map(({ part }) => part)])].sort()
  if (stale.length === known.length && stale.every((part, place) => part === known[place])) return before
  const turns = known.length === 0 || stale.length === 0
  const why = known.length > 0 ? (before?.why ?? '') : (bad[0]?.stale ?? '')
  return {
    stale,
    why,
    since: known.length === 0 ? at : before!.since,
    turnedBy: turns ? runId : before!.turnedBy,
  }
}
