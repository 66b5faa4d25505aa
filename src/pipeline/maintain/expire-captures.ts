import type { CaptureRecord } from '../../bronze/capture-record.js'
import { eachCapture } from '../../bronze/each-capture.js'
import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { claim } from '../../lake/claim.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { captureDays, segmentsOf } from '../captures/captures.js'
import { type Deps, systemDeps } from '../deps.js'
import { openPipeBooks } from '../fetch/source-states.js'
import type { Project } from '../project/project.js'
import { settledCaptures } from '../replay/settled-captures.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { type AgedCapture, type AgedSegment, chooseSegments, isPast, LEAST_KEPT_MS } from './choose-segments.js'
import { EXPIRE_PREFIX } from './expire.js'
import { EXPIRED_FOLDER, type ExpiredRecord, expiredCaptures } from './expired-captures.js'
import { standingCaptures } from './standing-captures.js'

export interface ExpireCapturesOptions {
  /** Captures that came later stay, in milliseconds; undefined: as the `retention` of each contract says, and forever where none does. */
  readonly olderThanMs?: number | undefined
  /** Deletes. Without it nothing is deleted: it is said what would be. */
  readonly yes: boolean
}

export interface ExpiredCaptures {
  readonly outcome: 'nothing' | 'planned' | 'deleted'
  readonly segments: number
  readonly captures: number
  /** Of segments and of the bodies beside them. */
  readonly bytes: number
  /** Captures that are old enough and stay: rows stand on them or on one beside them, they wait, or are young. */
  readonly kept_captures: number
  /** Where it is written which captures went; null unless some did. */
  readonly record: string | null
}

const HOUR_MS = 3_600_000

/**
 * Deletes captures that are older than their contracts retain rows, and on which nothing stands any more: no row of bronze, silver or
 * quarantine, no batch that waits or is held, no run that is not finished. A segment goes as a whole or stays. What went is written down before,
 * so that `verify` and `replay` know it. Throws SLUICE_STORE_UNAVAILABLE, SLUICE_METADATA_CORRUPT and what the store throws; the same again goes on.
 */
export async function expireCaptures(
  project: Project,
  options: ExpireCapturesOptions,
  deps: Deps = systemDeps,
): Promise<ExpiredCaptures> {
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const nowMs = deps.clock.now()
  const segments = await oldSegments(project, workspace, { ...options, nowMs, deps })
  const chosen = withoutShared(chooseSegments(segments, nowMs), segments)
  const captures = chosen.reduce((sum, segment) => sum + segment.captures.length, 0)
  const old = segments.flatMap(segment => segment.captures.filter(capture => isPast(capture, nowMs)))
  const figures = {
    segments: chosen.length,
    captures,
    bytes: chosen.reduce((sum, { bytes, bodies }) => sum + bytes + sizeOf(bodies), 0),
    kept_captures: old.length - captures,
  }
  if (chosen.length === 0) return { outcome: 'nothing', ...figures, record: null }
  if (!options.yes) return { outcome: 'planned', ...figures, record: null }
  const { store } = workspace.lake
  const record = await noteExpired(chosen, store, `${EXPIRE_PREFIX}${deps.ids.runId(nowMs)}`, nowMs)
  for (const { key, bodies } of chosen) {
    // The segment last: it names its bodies, and what is cut off here is found again.
    for (const body of bodies.keys()) await store.delete(body)
    await store.delete(key)
  }
  return { outcome: 'deleted', ...figures, record }
}

interface OldSegment extends AgedSegment {
  readonly bytes: number
  /** Sizes of the bodies beside it, by key: they are of one run, as the segments that name them are. */
  readonly bodies: ReadonlyMap<string, number>
}

/** A body that a segment which stays names as well stays with it. */
function withoutShared(chosen: readonly OldSegment[], all: readonly OldSegment[]): OldSegment[] {
  const going = new Set(chosen)
  const needed = new Set(all.flatMap(segment => (going.has(segment) ? [] : [...segment.bodies.keys()])))
  return chosen.map(segment => ({
    ...segment,
    bodies: new Map([...segment.bodies].filter(([key]) => !needed.has(key))),
  }))
}

interface Asked extends ExpireCapturesOptions {
  readonly nowMs: number
  readonly deps: Deps
}

/** The segments of all days but today, with what is known of each capture in them. */
async function oldSegments(
  project: Project,
  { lake, engines }: Workspace,
  { olderThanMs, nowMs, deps }: Asked,
): Promise<OldSegment[]> {
  const known = await knownCaptures(project, lake.store)
  const retained = new Map(
    project.contracts.map(({ dataset, retentionHours }) => [
      dataset,
      olderThanMs ?? (retentionHours === undefined ? undefined : retentionHours * HOUR_MS),
    ]),
  )
  const days = (await captureDays(lake.store)).filter(({ startMs }) => startMs + LEAST_KEPT_MS <= nowMs)
  const waiting = await waitingIds(days, { store: lake.store, wait: deps.wait, random: deps.random })
  const expired = await expiredCaptures(lake.store)
  const found: OldSegment[] = []
  for (const day of days) {
    const sizes = new Map<string, number>()
    for await (const { key, sizeBytes } of lake.store.list(day.prefix)) sizes.set(key, sizeBytes)
    for await (const { key, bytes } of segmentsOf(lake.store, day)) {
      const captures: AgedCapture[] = []
      const bodies = new Map<string, number>()
      const take = (record: CaptureRecord): void => {
        const { id, pipe, receivedAt, classification } = record
        const settled = known.settled.get(ownName(pipe, id))
        const dataset = settled?.dataset ?? known.datasetOf(pipe)
        const wasLetGo = receivedAt <= (expired.get(id) ?? '')
        captures.push({
          id,
          receivedMs: Date.parse(receivedAt),
          // One that was to go and is there still: the deletion was cut off.
          keptMs: wasLetGo ? 0 : dataset === undefined ? undefined : retained.get(dataset),
          // An answer without rows is evidence of no table; rows that no finished run took are somebody's work.
          isNeeded: waiting.has(id) || !(wasLetGo || (settled?.isOver ?? classification !== 'data')),
        })
        const { body } = record.response
        if (body.kind === 'object') bodies.set(body.key, sizes.get(body.key) ?? 0)
      }
      // What cannot be read cannot be said to be old.
      if (await eachCapture(bytes, take)) found.push({ key, bytes: bytes.length, captures, bodies })
    }
  }
  const old = found.filter(({ captures }) => captures.some(capture => isPast(capture, nowMs)))
  const ids = old.flatMap(({ captures }) => captures.map(({ id }) => id))
  const standing = await standingCaptures(ids, lake, engines[0]!)
  return found.map(segment => ({
    ...segment,
    captures: segment.captures.map(capture => ({ ...capture, isNeeded: capture.isNeeded || standing.has(capture.id) })),
  }))
}

/** What the ledger says of captures: of which dataset each is, and whether a run has published it or a person given it up. */
async function knownCaptures(project: Project, store: ObjectStore) {
  const settled = new Map<string, { readonly dataset: string; readonly isOver: boolean }>()
  for (const { dataset } of project.contracts.filter(({ layer }) => layer === 'silver')) {
    for (const { pipe, id, passed, discarded } of (await settledCaptures(dataset, store)).captures)
      settled.set(ownName(pipe, id), { dataset, isOver: passed.size > 0 || discarded !== undefined })
  }
  const datasetOf = (name: string): string | undefined => project.pipes.find(pipe => pipe.name === name)?.contract
  return { settled, datasetOf }
}

function ownName(pipe: string, id: string): string {
  return JSON.stringify([pipe, id])
}

async function waitingIds(
  days: readonly { readonly provider: string }[],
  sharing: Parameters<typeof openPipeBooks>[1],
): Promise<ReadonlySet<string>> {
  const books = openPipeBooks(
    days.map(({ provider }) => provider),
    sharing,
  )
  const ids = new Set<string>()
  for (const book of books.values())
    for (const { waiting = [] } of Object.values(await book.read())) for (const { id } of waiting) ids.add(id)
  return ids
}

async function noteExpired(
  segments: readonly OldSegment[],
  store: ObjectStore,
  expire: string,
  nowMs: number,
): Promise<string> {
  const record: ExpiredRecord = {
    record_version: 1,
    expire,
    expired_at: isoTime(nowMs),
    segments: segments.map(({ key, bytes, captures }) => ({ key, bytes, captures: captures.length })),
    captures: [...new Set(segments.flatMap(({ captures }) => captures.map(({ id }) => id)))].sort(),
  }
  const key = `${EXPIRED_FOLDER}${expire}.json`
  const claimed = await claim(store, key, Buffer.from(`${JSON.stringify(record)}\n`))
  if (claimed.outcome === 'ours') return key
  const cause = claimed.outcome === 'unknown' ? claimed.cause : undefined
  throw new SluiceError('SLUICE_STORE_UNAVAILABLE', `${key} could not be written. No capture was deleted.`, {}, cause)
}

function sizeOf(bodies: ReadonlyMap<string, number>): number {
  return [...bodies.values()].reduce((sum, bytes) => sum + bytes, 0)
}
