import type { CaptureRecord } from '../../bronze/capture-record.js'
import type { Contract } from '../../contract/contract.js'
import type { Clock } from '../../core/clock.js'
import type { Lake } from '../../lake/lake.js'
import { type AnswerSpool, openAnswerSpool } from '../../sources/answers/answer-spool.js'
import { openBreakers } from '../../sources/http/breaker.js'
import type { FetchPolicy } from '../../sources/http/fetch-answers.js'
import { openQuotaLedger } from '../../sources/http/quota-ledger.js'
import { openTransport } from '../../sources/http/transport.js'
import { userAgent } from '../../sources/http/user-agent.js'
import type { Pipe } from '../../sources/pipe.js'
import type { Source } from '../../sources/source.js'
import type { Deps } from '../deps.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import type { Project } from '../project/project.js'
import { askProviders, type PipeAsked } from './ask-providers.js'
import type { FetchedAnswer } from './fetched.js'
import type { Asking, WaitingCapture } from './pipe-book.js'
import type { SourcePlan } from './plan-sources.js'
import type { AskingPipe, PipeRequest } from './requests.js'
import type { PipeBooks, Sharing } from './source-states.js'
import { waitingCaptures } from './waiting-captures.js'

/** Answers that one statement turns into records: of one source, for one contract, with one map. */
export interface AnswerGroup {
  readonly source: Source
  readonly contract: Contract
  readonly map: Pipe['map']
  readonly spool: AnswerSpool
  readonly fetched: FetchedAnswer[]
}

export interface SourcesFetched {
  readonly groups: readonly AnswerGroup[]
  readonly asked: readonly PipeAsked[]
}

/** Of a run that asks nobody. */
export const NO_ANSWERS: SourcesFetched = { groups: [], asked: [] }

export interface FetchSourcesOptions {
  readonly project: Project
  readonly lake: Lake
  readonly runId: string
  readonly spool: string
  readonly books: PipeBooks
  readonly sharing: Sharing
  readonly deps: Deps
  /** Whether a capture that waits is landed in this run. */
  readonly lands: (from: AskingPipe, capture: WaitingCapture) => boolean
  /** Limits are kept in real time, whatever time the run is made for. */
  readonly wallClock: Clock
  /** By the wall clock. */
  readonly endsAtMs: number
  readonly signal?: AbortSignal | undefined
  readonly asking?: Asking | undefined
  /** Called when so many requests have their last answer. */
  readonly onAnswered?: ((answered: number) => void) | undefined
}

/** Brings back what waits to be published, and asks providers for the rest. All captures in the result are in the lake. */
export async function fetchSources(
  plans: readonly SourcePlan[],
  options: FetchSourcesOptions,
): Promise<SourcesFetched> {
  const { lake, runId, spool, books } = options
  const groups = answerGroups(options)
  for (const { from, entry } of plans) {
    const waiting = (entry?.waiting ?? []).filter(capture => options.lands(from, capture))
    for await (const { record, body } of waitingCaptures(waiting, lake.store)) await groups.add(record, from, body)
  }
  const planned = plans
    .filter(({ plan }) => plan.asks.length > 0)
    .map(({ from, plan }) => ({ from, asks: plan.asks, revisited: plan.revisited }))
  let answered = 0
  const transport = openTransport(transportOptions(options))
  try {
    const asked = await askProviders(planned, {
      store: lake.store,
      runId,
      spool,
      books,
      policy: policyOf(options),
      clock: options.deps.clock,
      deps: { ...options.sharing, clock: options.wallClock, transport, ...limitsOf(options) },
      onData: groups.add,
      asking: options.asking,
      onAnswered: () => options.onAnswered?.(++answered),
    })
    return { groups: await groups.close(), asked }
  } finally {
    await transport.close()
  }
}

export interface AnswerGroups {
  /** `staged`: see `FetchedAnswer`. */
  add(record: CaptureRecord, from: AskingPipe, body: Buffer, staged?: string): Promise<void>
  close(): Promise<readonly AnswerGroup[]>
}

/** Answers are told apart by what one statement cannot read together. */
export function answerGroups({ project, spool }: Pick<FetchSourcesOptions, 'project' | 'spool'>): AnswerGroups {
  const groups = new Map<string, AnswerGroup>()
  const keys = new Map<Pipe, string>()
  const keyOf = ({ pipe, provider }: AskingPipe): string => {
    const key = keys.get(pipe) ?? JSON.stringify([provider.name, pipe.source, pipe.contract, pipe.map, pipe.http])
    keys.set(pipe, key)
    return key
  }
  const groupOf = async (from: AskingPipe): Promise<AnswerGroup> => {
    const key = keyOf(from)
    const known = groups.get(key)
    if (known !== undefined) return known
    const { source, pipe } = from
    const made: AnswerGroup = {
      source,
      contract: contractNamed(project.contracts, pipe.contract),
      map: pipe.map,
      spool: await openAnswerSpool(source, `${spool}/answers-${groups.size}`),
      fetched: [],
    }
    groups.set(key, made)
    return made
  }
  return {
    async add(record, from, body, staged) {
      const group = await groupOf(from)
      const { id, sha256, sizeBytes, params } = record
      const receivedAtMs = Date.parse(record.receivedAt)
      const [start, end] = record.asked?.interval ?? []
      const interval = start === undefined ? {} : { interval: { startMs: Date.parse(start), endMs: Date.parse(end!) } }
      await group.spool.add({ captureId: staged ?? id, pipe: from.pipe.name, params, receivedAtMs, body, ...interval })
      const name = record.request.url
      group.fetched.push({
        kind: 'answer',
        id,
        pipe: from.pipe,
        name,
        sha256,
        sizeBytes,
        receivedAtMs,
        meaning: 'data',
        ...(staged !== undefined && { staged }),
      })
    },
    async close() {
      for (const { spool } of groups.values()) await spool.close()
      return [...groups.values()]
    },
  }
}

/** How a project's settings let providers be reached. */
export function transportOptions({
  project: { config },
  deps,
}: Pick<FetchSourcesOptions, 'project' | 'deps'>): Parameters<typeof openTransport>[0] {
  const { timeoutMs, maxBodyBytes } = config.fetch
  return {
    clock: deps.clock,
    userAgent: userAgent(config.network.userAgentContact),
    timeouts: { connectMs: Math.min(10_000, timeoutMs), headersMs: timeoutMs, wholeMs: timeoutMs * 4 },
    maxBodyBytes,
    allowHosts: config.network.allowHosts,
  }
}

function policyOf({ project: { config }, endsAtMs, signal }: FetchSourcesOptions): FetchPolicy<PipeRequest> {
  return {
    endsAtMs,
    retry: { attempts: config.fetch.attempts, baseMs: 1_000, capMs: 60_000 },
    breaker: { failures: 5, coolDownMs: 60_000, longestMs: 3_600_000, probeMs: 120_000 },
    ...(signal && { signal }),
  }
}

function limitsOf({ sharing, wallClock }: FetchSourcesOptions) {
  return { quota: openQuotaLedger({ ...sharing, clock: wallClock }), breakers: openBreakers(sharing) }
}
