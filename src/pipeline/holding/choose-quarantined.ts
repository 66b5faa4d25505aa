import { asNumber } from '../../engine/duckdb.js'
import type { SqlRow } from '../../engine/engine.js'
import { quoteText } from '../../engine/sql-text.js'
import type { Deps } from '../deps.js'
import type { Project } from '../project/project.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { decisionNotes, type TakenDecision, takenBy } from './decision-notes.js'
import { FOUND, holdsThatFit, type QuarantineFilter, rowCondition, viewRows } from './find-quarantined.js'
import { type Hold, openHolds } from './hold-book.js'
import { refuseUnknownNames } from './known-names.js'
import { isHold, isRow, type QuarantineId, readIds, refuseUnknownIds, unknownId } from './quarantine-ids.js'

/** Rows of one dataset that a decision is about. */
export interface ChosenRows {
  readonly dataset: string
  /** SQL condition over the columns of the dataset's quarantine. */
  readonly sql: string
  /** When each of their captures was received, and how many of the rows it has, by id. */
  readonly captures: ReadonlyMap<string, { readonly receivedAtMs: number; readonly rows: number }>
  readonly rows: number
  /** Further ones, for which the given condition is true. */
  readonly refused: number
  readonly refusedRules: readonly string[]
}

export interface Chosen {
  readonly holds: readonly Hold[]
  readonly rows: readonly ChosenRows[]
  /** All that is held. */
  readonly held: readonly Hold[]
  /** What was decided before about things that are named by id, and that is therefore not among the others. */
  readonly before: readonly TakenDecision[]
}

/**
 * Holds and rows that a decision is about. `refusal`: SQL that is true for rows that it cannot be about; they are counted and left out.
 * Throws what `listQuarantine` throws.
 */
export async function chooseQuarantined(
  project: Project,
  filter: QuarantineFilter,
  refusal: string,
  deps: Deps,
): Promise<Chosen> {
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const ids = readIds(filter.ids ?? [])
  await refuseUnknownNames(filter, project, workspace, deps)
  const { waiting, before } = await sortIds(ids, filter, project, workspace, deps)
  const held = await holdsThatFit({}, [], workspace, deps)
  if (ids.length > 0 && waiting.length === 0) return { holds: [], rows: [], held, before }
  const holds = await holdsThatFit(filter, waiting, workspace, deps)
  const found = await viewRows(filter, waiting, project, workspace)
  refuseUnknownIds(waiting, holds, found)
  return { holds, rows: await chosenRows(filter, waiting, refusal, workspace), held, before }
}

async function chosenRows(
  filter: QuarantineFilter,
  ids: readonly QuarantineId[],
  refusal: string,
  { engines }: Workspace,
): Promise<ChosenRows[]> {
  const chosen = await engines[0]!.rows(`SELECT dataset, _capture_id, epoch_ms(max(_known_at)) AS received,
      count(*) FILTER (WHERE NOT (${refusal})) AS rows, count(*) FILTER (WHERE ${refusal}) AS refused,
      list_distinct(flatten(list(rules) FILTER (WHERE ${refusal}))) AS refused_rules
    FROM ${FOUND} GROUP BY ALL ORDER BY dataset, _capture_id`)
  const own = rowCondition(filter, ids)
  const datasets = [...new Set(chosen.map(row => String(row['dataset'])))]
  return datasets.map(dataset => {
    const mine = chosen.filter(row => row['dataset'] === dataset)
    const good = mine.filter(row => asNumber(row['rows']) > 0)
    const sum = (name: string): number => mine.reduce((total, row) => total + asNumber(row[name]), 0)
    const captures = new Map(
      good.map(row => [
        String(row['_capture_id']),
        { receivedAtMs: asNumber(row['received']), rows: asNumber(row['rows']) },
      ]),
    )
    const list = ['NULL', ...[...captures.keys()].map(quoteText)].join(', ')
    return {
      dataset,
      sql: `${own} AND _capture_id IN (${list}) AND NOT (${refusal})`,
      captures,
      rows: sum('rows'),
      refused: sum('refused'),
      refusedRules: [...new Set(mine.flatMap(row => (row['refused_rules'] as string[] | null) ?? []))].sort(),
    }
  })
}

interface SortedIds {
  readonly waiting: readonly QuarantineId[]
  readonly before: readonly TakenDecision[]
}

/** Tells ids of what waits from those of what was decided before. Throws SLUICE_QUARANTINE_UNKNOWN for one of neither. */
async function sortIds(
  ids: readonly QuarantineId[],
  filter: QuarantineFilter,
  project: Project,
  workspace: Workspace,
  deps: Deps,
): Promise<SortedIds> {
  if (ids.length === 0) return { waiting: [], before: [] }
  const { lake } = workspace
  const sharing = { store: lake.store, wait: deps.wait, random: deps.random }
  const rows = await viewRows({ ...filter, state: 'all' }, ids, project, workspace)
  const book = Object.values(await openHolds(sharing).read())
  const held = book.filter(({ settled_by }) => settled_by === undefined)
  const isOpen = (id: QuarantineId): boolean =>
    id.capture === undefined
      ? held.some(hold => isHold(id, hold))
      : rows.some(row => isRow(id, row) && isChosen(row, filter))
  const waiting = ids.filter(isOpen)
  const done = ids.filter(id => !isOpen(id))
  if (done.length === 0) return { waiting, before: [] }
  const notes = await decisionNotes(lake.store)
  const before = done.map((id): TakenDecision => {
    const note =
      id.capture === undefined
        ? notes.findLast(({ holds }) => holds.some(hold => isHold(id, { id: hold })))
        : notes.find(({ run_id }) => rows.some(row => isRow(id, row) && row['decision'] === run_id))
    if (note !== undefined) return { ...takenBy(note), id: id.text }
    const settled = book.find(hold => isHold(id, hold))
    if (settled !== undefined)
      throw unknownId(`The hold ${settled.id} is held no more: the run ${settled.settled_by} took out what was in it.`)
    const row = rows.find(found => isRow(id, found))
    if (row === undefined)
      throw unknownId(`No ${id.capture === undefined ? 'hold' : 'quarantined row'} that fits is called ${id.text}.`)
    throw unknownId(`The row ${id.text} does not wait: it is ${String(row['state'])}.`)
  })
  return { waiting, before }
}

function isChosen(row: SqlRow, { state = 'waiting' }: QuarantineFilter): boolean {
  return [state].flat().includes(String(row['state']))
}
