import { isoTime } from '../../core/clock.js'
import { groupBy } from '../../core/group-by.js'
import { openBreakers } from '../../sources/http/breaker.js'
import { openQuotaLedger } from '../../sources/http/quota-ledger.js'
import type { Terms } from '../../sources/source.js'
import { type Deps, systemDeps } from '../deps.js'
import { askingPipes, asksProvider } from '../fetch/asking-pipes.js'
import { bucketOfPipe, creditsUsed, keyOfPipe } from '../fetch/demand.js'
import { keyEnv } from '../fetch/key-env.js'
import { openLeases } from '../fetch/leases.js'
import type { PipeBook, PipeEntry } from '../fetch/pipe-book.js'
import type { AskingPipe } from '../fetch/requests.js'
import { openPipeBooks, type Sharing } from '../fetch/source-states.js'
import { breakerKey, openPipeBreakers } from '../holding/breaker-book.js'
import { heldNow, openHolds } from '../holding/hold-book.js'
import { lakeStore } from '../lake-store.js'
import type { Project } from '../project/project.js'
import { recentRuns } from '../record/recent-runs.js'
import { lastOfPipes } from './last-of-pipes.js'
import { type PipeDeclaration, requiredParams } from './pipe-declaration.js'
import { type PipeFacts, type PipeStatus, pipeStatus } from './pipe-status.js'
import { resolvePipes } from './resolve-pipes.js'
import { selectPipes } from './select-pipes.js'

/** The pipes of a project as the lake knows them, and the providers that they ask. Times are ISO 8601. */
export interface PipesReport {
  readonly at: string
  readonly pipes: readonly PipeStatus[]
  readonly providers: readonly ProviderStatus[]
  /** So many of the last run records were looked at for rows and times. */
  readonly runsRead: number
}

/** A provider with one key. */
export interface ProviderStatus {
  readonly provider: string
  /** Fingerprint of the key; null without one. */
  readonly key: string | null
  /** The environment variable that would hold the key, when it is needed and not there. */
  readonly keyMissing: string | null
  readonly pipes: number
  readonly breaker:
    | { readonly state: 'closed' }
    | { readonly state: 'open'; readonly until: string; readonly why: string }
  readonly creditsUsed: number
  /** Credits in a calendar month, UTC; null: no limit. */
  readonly perMonth: number | null
  readonly terms: Terms
}

/**
 * What became of the pipes that are selected, disabled ones and those that need a parameter among them. Reads each state of the lake
 * once, and the last run records. Throws SLUICE_PIPE_UNKNOWN.
 */
export async function pipeStates(
  project: Project,
  select: readonly string[],
  deps: Deps = systemDeps,
): Promise<PipesReport> {
  const nowMs = deps.clock.now()
  const store = await lakeStore(project)
  const declared = selected(project, select)
  const asking = await askingByName(project, declared, deps)
  const sharing: Sharing = { store, wait: deps.wait, random: deps.random }
  const entryOf = await entries([...asking.values()], sharing)
  const leases = await openLeases(sharing).held(nowMs)
  const records = await recentRuns(store)
  const last = lastOfPipes(records)
  const breakers = await openPipeBreakers(sharing).read()
  const holds = groupBy(heldNow(await openHolds(sharing).read()), hold => breakerKey(hold.dataset, hold.pipe))
  const pipes = declared.map(pipe => {
    const from = asking.get(pipe.name)
    const known = last.get(pipe.name)
    const entry = from && entryOf(from, pipe)
    const kept = breakerKey(pipe.contract, pipe.name)
    const facts: PipeFacts = {
      ...{ pipe, nowMs, entry, lease: from && leases.get(from.key), last: known },
      ...{ breaker: breakers[kept]?.breaker, holds: holds.get(kept) ?? [] },
    }
    return pipeStatus(facts, from && { provider: from.provider.name, key: keyOfPipe(from) })
  })
  const providers = await providerStates([...asking.values()], sharing, deps)
  return { at: isoTime(nowMs), pipes, providers, runsRead: records.length }
}

function selected(project: Project, select: readonly string[]): readonly PipeDeclaration[] {
  if (select.length === 0) return project.pipes
  const names = selectPipes(project.pipes.map(enabled), { select }, project).map(({ name }) => name)
  const wanted = new Set(names)
  return project.pipes.filter(({ name }) => wanted.has(name))
}

function enabled(pipe: PipeDeclaration): PipeDeclaration {
  return pipe.enabled === false ? { ...pipe, enabled: true } : pipe
}

/** The parameters of a pipe that needs some are those of its newest run. */
async function askingByName(
  project: Project,
  declared: readonly PipeDeclaration[],
  { env }: Deps,
): Promise<Map<string, AskingPipe>> {
  const asked = declared.filter(asksProvider)
  const whole = asked.filter(pipe => requiredParams(pipe).length === 0).map(enabled)
  const none = { select: [], params: {}, input: [] }
  const resolved = whole.length === 0 ? [] : await resolvePipes({ ...project, pipes: whole }, none)
  const open = asked.filter(pipe => requiredParams(pipe).length > 0).map(pipe => ({ ...pipe, params: {} }))
  const asking = await askingPipes([...resolved, ...open], project.config, await keyEnv(project.folder, env))
  return new Map(asking.map(from => [from.pipe.name, from]))
}

async function entries(
  asking: readonly AskingPipe[],
  sharing: Sharing,
): Promise<(from: AskingPipe, pipe: PipeDeclaration) => PipeEntry | undefined> {
  const books = new Map<string, PipeBook>()
  const newest = new Map<string, ReadonlyMap<string, PipeEntry>>()
  const states = openPipeBooks(
    asking.map(({ provider }) => provider.name),
    sharing,
  )
  for (const [provider, state] of states) {
    const book = await state.read()
    books.set(provider, book)
    newest.set(provider, newestByName(book))
  }
  return ({ provider, key }, pipe) =>
    requiredParams(pipe).length === 0 ? books.get(provider.name)?.[key] : newest.get(provider.name)?.get(pipe.name)
}

function newestByName(book: PipeBook): Map<string, PipeEntry> {
  const newest = new Map<string, PipeEntry>()
  for (const [key, entry] of Object.entries(book)) {
    const name = key.slice(0, key.lastIndexOf('@'))
    if ((newest.get(name)?.askedMs ?? -1) < (entry.askedMs ?? 0)) newest.set(name, entry)
  }
  return newest
}

async function providerStates(
  asking: readonly AskingPipe[],
  sharing: Sharing,
  { clock }: Deps,
): Promise<ProviderStatus[]> {
  const nowMs = clock.now()
  const breakers = await openBreakers(sharing).read()
  const quota = await openQuotaLedger({ ...sharing, clock }).read()
  const pipes = new Map<string, { from: AskingPipe; count: number }>()
  for (const from of asking) {
    const bucket = bucketOfPipe(from)
    pipes.set(bucket, { from, count: (pipes.get(bucket)?.count ?? 0) + 1 })
  }
  return [...pipes].map(([bucket, { from, count }]) => {
    const { provider, secret } = from
    const open = breakers[bucket]
    return {
      provider: provider.name,
      key: keyOfPipe(from) ?? null,
      keyMissing:
        provider.key?.required === true && secret === undefined ? (from.pipe.key ?? provider.key.setting) : null,
      pipes: count,
      breaker:
        open === undefined ? { state: 'closed' } : { state: 'open', until: isoTime(open.openUntilMs), why: open.why },
      creditsUsed: creditsUsed(quota, bucket, nowMs),
      perMonth: provider.limits.perMonth ?? null,
      terms: provider.terms,
    }
  })
}
