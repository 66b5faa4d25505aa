import { sha256Hex } from '../../core/ids.js'
import type { RowStatus, RunRow } from './run-row.js'

/** Which lines of the list of runs are asked for; what is left out is not asked. */
export interface RowFilter {
  readonly statuses?: readonly RowStatus[] | undefined
  /** Tests of a pipe's and a dataset's name: a line fits when one of its own does. */
  readonly pipe?: ((name: string) => boolean) | undefined
  readonly dataset?: ((name: string) => boolean) | undefined
  /** Of the start: half-open, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

/** What the name of a segment says of it. */
export interface SegmentName {
  readonly name: string
  readonly firstMs: number
  readonly lastMs: number
  readonly rows: number
}

const NAME = /^(\d{15})-(\d{15})-(\d+)-[0-9a-f]{8}\.json$/
const DIGITS = 15

export function parseSegmentName(name: string): SegmentName | undefined {
  const [, first, last, rows] = NAME.exec(name) ?? []
  return first === undefined ? undefined : { name, firstMs: Number(first), lastMs: Number(last), rows: Number(rows) }
}

/** A time in a name, so that names sort by it; a time before 1970 counts as 1970. */
export function timeName(ms: number): string {
  return String(Math.max(0, ms)).padStart(DIGITS, '0')
}

/** The first line: enough to know that no line of the segment fits. */
interface Head {
  readonly statuses: readonly RowStatus[]
  readonly pipes: readonly string[]
  readonly datasets: readonly string[]
}

/** The second line, column by column: a fraction of the bytes and of the time of an object a row. */
interface Columns {
  readonly run_id: readonly string[]
  /** Positions in `statuses` of the head. */
  readonly status: readonly number[]
  readonly started_ms: readonly number[]
  readonly took_seconds: readonly number[]
  readonly cpu_seconds: readonly number[]
  readonly in: readonly number[]
  readonly accepted: readonly number[]
  readonly quarantined: readonly number[]
  readonly tables: readonly number[]
  /** Empty where a line has none; left out where none has. */
  readonly record_hash?: readonly string[]
  /** Positions in the lists of sets: runs of the same pipes share one. */
  readonly pipes: readonly number[]
  readonly datasets: readonly number[]
  readonly pipe_sets: readonly string[]
  readonly dataset_sets: readonly string[]
  /** By position, of the few rows that have one. */
  readonly attempt: Readonly<Record<string, string>>
  readonly code: Readonly<Record<string, string>>
}

const FIGURES = ['started_ms', 'took_seconds', 'cpu_seconds', 'in', 'accepted', 'quarantined', 'tables'] as const

/** Lines of the list as one object. Equal lines in equal order give equal bytes and an equal name. */
export function encodeSegment(rows: readonly RunRow[]): { readonly name: string; readonly body: Buffer } {
  const statuses = [...new Set(rows.map(({ status }) => status))]
  const pipes = encodeSets(rows.map(row => row.pipes))
  const datasets = encodeSets(rows.map(row => row.datasets))
  const head: Head = { statuses, pipes: pipes.names, datasets: datasets.names }
  const sparse = (pick: (row: RunRow) => string | undefined): Record<string, string> =>
    Object.fromEntries(rows.flatMap((row, at) => (pick(row) === undefined ? [] : [[String(at), pick(row)!]])))
  const columns = {
    run_id: rows.map(({ run_id }) => run_id),
    status: rows.map(({ status }) => statuses.indexOf(status)),
    ...Object.fromEntries(FIGURES.map(figure => [figure, rows.map(row => row[figure])])),
    ...(rows.some(row => row.record_hash) && { record_hash: rows.map(row => row.record_hash ?? '') }),
    ...{ pipes: pipes.of, datasets: datasets.of, pipe_sets: pipes.sets, dataset_sets: datasets.sets },
    ...{ attempt: sparse(row => row.attempt), code: sparse(row => row.code) },
  }
  const body = Buffer.from(`${JSON.stringify(head)}\n${JSON.stringify(columns)}\n`)
  const times = rows.map(({ started_ms }) => started_ms)
  const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
  return { name: `${timeName(first)}-${timeName(last)}-${rows.length}-${sha256Hex(body).slice(0, 8)}.json`, body }
}

/** The lines of a segment that fit. Throws SyntaxError when it is damaged. */
export function searchSegment(body: Buffer, filter: RowFilter): RunRow[] {
  const cut = body.indexOf('\n')
  const head = JSON.parse(body.toString('utf8', 0, cut)) as Head
  const wanted = (own: readonly string[], test: ((name: string) => boolean) | undefined): number[] | undefined =>
    test === undefined ? undefined : own.flatMap((name, at) => (test(name) ? [at] : []))
  const fitting = {
    status: wanted(head.statuses, filter.statuses && (name => filter.statuses!.includes(name as RowStatus))),
    pipes: wanted(head.pipes, filter.pipe),
    datasets: wanted(head.datasets, filter.dataset),
  }
  if (Object.values(fitting).some(found => found?.length === 0)) return []
  const columns = JSON.parse(body.toString('utf8', cut + 1)) as Columns
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = filter
  const statuses = fitting.status && new Set(fitting.status)
  const pipes = fitting.pipes && setsWith(columns.pipe_sets, fitting.pipes)
  const datasets = fitting.datasets && setsWith(columns.dataset_sets, fitting.datasets)
  const rowAt = rowReader(head, columns)
  return columns.started_ms.flatMap((started, at) => {
    const fits =
      started >= sinceMs &&
      started < untilMs &&
      (statuses?.has(columns.status[at]!) ?? true) &&
      (pipes?.has(columns.pipes[at]!) ?? true) &&
      (datasets?.has(columns.datasets[at]!) ?? true)
    return fits ? [rowAt(at)] : []
  })
}

/** Whether a line fits. */
export function fits(row: RunRow, { statuses, pipe, dataset, sinceMs, untilMs }: RowFilter): boolean {
  return (
    (statuses?.includes(row.status) ?? true) &&
    (pipe === undefined || row.pipes.some(pipe)) &&
    (dataset === undefined || row.datasets.some(dataset)) &&
    (sinceMs === undefined || row.started_ms >= sinceMs) &&
    (untilMs === undefined || row.started_ms < untilMs)
  )
}

function rowReader({ statuses, pipes, datasets }: Head, columns: Columns): (at: number) => RunRow {
  const pipeSets = columns.pipe_sets.map(set => decodeSet(set, pipes))
  const datasetSets = columns.dataset_sets.map(set => decodeSet(set, datasets))
  return at => {
    const [attempt, code, hash] = [columns.attempt[at], columns.code[at], columns.record_hash?.[at] ?? '']
    return {
      run_id: columns.run_id[at]!,
      ...(attempt !== undefined && { attempt }),
      status: statuses[columns.status[at]!]!,
      started_ms: columns.started_ms[at]!,
      took_seconds: columns.took_seconds[at]!,
      cpu_seconds: columns.cpu_seconds[at]!,
      in: columns.in[at]!,
      accepted: columns.accepted[at]!,
      quarantined: columns.quarantined[at]!,
      tables: columns.tables[at]!,
      ...(hash !== '' && { record_hash: hash }),
      ...(code !== undefined && { code }),
      pipes: pipeSets[columns.pipes[at]!]!,
      datasets: datasetSets[columns.datasets[at]!]!,
    }
  }
}

/** Sets of names as bits, in base64: a run of a thousand pipes takes 170 bytes, however they are mixed, and the same set again none. */
function encodeSets(lists: readonly (readonly string[])[]) {
  const names = [...new Set(lists.flat())].sort()
  const places = new Map(names.map((name, at) => [name, at]))
  const sets = new Map<string, number>()
  const of = lists.map(list => {
    const bits = Buffer.alloc((names.length + 7) >> 3)
    for (const name of list) {
      const place = places.get(name)!
      bits[place >> 3]! |= 1 << (place & 7)
    }
    const set = bits.toString('base64')
    if (!sets.has(set)) sets.set(set, sets.size)
    return sets.get(set)!
  })
  return { names, of, sets: [...sets.keys()] }
}

function decodeSet(set: string, names: readonly string[]): string[] {
  const bits = Buffer.from(set, 'base64')
  return names.filter((_, at) => hasBit(bits, at))
}

/** Positions of the sets that have one of the members. */
function setsWith(sets: readonly string[], members: readonly number[]): ReadonlySet<number> {
  return new Set(
    sets.flatMap((set, at) => {
      const bits = Buffer.from(set, 'base64')
      return members.some(member => hasBit(bits, member)) ? [at] : []
    }),
  )
}

function hasBit(bits: Buffer, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0
}
