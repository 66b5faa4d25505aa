import { captureId } from '../../bronze/capture-record.js'
import { isoTime } from '../../core/clock.js'
import { durationMs } from '../../core/duration.js'
import { asSluiceError, SluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import { formatInterval } from '../../core/interval.js'
import { classify } from '../../sources/answers/classify.js'
import type { Judgement } from '../../sources/answers/meaning.js'
import { openBreakers } from '../../sources/http/breaker.js'
import { printedRequest } from '../../sources/http/request.js'
import { type Answer, openTransport } from '../../sources/http/transport.js'
import type { Pipe } from '../../sources/pipe.js'
import { guardContracts } from '../contracts/guard-contracts.js'
import { type Deps, systemDeps } from '../deps.js'
import { askingPipes, asksProvider } from '../fetch/asking-pipes.js'
import { bucketOfPipe } from '../fetch/demand.js'
import { transportOptions } from '../fetch/fetch-sources.js'
import { keyEnv } from '../fetch/key-env.js'
import { type Ask, askedTimes, planPipe } from '../fetch/plan-pipe.js'
import { type AskingPipe, type PipeRequest, requestMaker } from '../fetch/requests.js'
import type { Sharing } from '../fetch/source-states.js'
import { turnOf } from '../fetch/turn.js'
import type { Project } from '../project/project.js'
import { loadReferences } from '../project/references.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { guardPipes } from './guard-pipes.js'
import { contractNamed, resolvePipes } from './resolve-pipes.js'
import { selectPipes } from './select-pipes.js'
import { type TriedRecords, tryRecords } from './try-records.js'

/** What one request of a pipe came to. Null: there is none. */
export interface TriedPipe extends Judgement {
  readonly pipe: string
  readonly source: string
  readonly provider: string
  /** ISO 8601; null for a source that knows only the present. */
  readonly interval: string | null
  /** As it was sent, with `***` for the key. */
  readonly request: { readonly url: string; readonly headers: Readonly<Record<string, string>> }
  readonly answer: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly sizeBytes: number
    readonly wireBytes: number
    readonly seconds: number
    readonly body: Buffer
  } | null
  /** The open breaker of its provider and key: a run would not ask. */
  readonly breaker: string | null
  readonly records: TriedRecords | null
  /** An answer without a record is legitimate. */
  readonly mayHoldNone: boolean
  /** Why the records of an answer with data could not be read. */
  readonly recordsFault: string | null
}

const LONGEST_MS = 366 * 86_400_000

/**
 * Asks once for one pipe, by its name, within its provider's rate, and reads the answer as a run would. Writes nothing to the lake: no
 * capture, no booked credit. Throws SLUICE_PIPE_UNKNOWN, and SLUICE_ARGUMENT_INVALID for a pipe that asks nobody.
 */
export async function tryPipe(
  project: Project,
  { name, params }: { readonly name: string; readonly params: Readonly<Record<string, string>> },
  deps: Deps = systemDeps,
): Promise<TriedPipe> {
  const pipe = await onePipe(project, name, params)
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const parse = (sql: string) => workspace.engines[0]!.parse(sql)
  await guardPipes([pipe], parse)
  await guardContracts([contractNamed(project.contracts, pipe.contract)], parse, project.contracts)
  const [from] = await askingPipes([pipe], project.config, await keyEnv(project.folder, deps.env))
  const ask = askOf(from!, deps.clock.now())
  const request = requestMaker()(from!, ask, undefined)
  const sharing: Sharing = { store: workspace.lake.store, wait: deps.wait, random: deps.random }
  const { answer, ...judged } = await answerOf(request, project, sharing, deps)
  const breaker = (await openBreakers(sharing).read())[bucketOfPipe(from!)]
  const { url, headers } = printedRequest(request.request)
  const hasRecords = answer !== undefined && judged.meaning === 'data'
  return {
    pipe: pipe.name,
    source: pipe.source,
    provider: from!.provider.name,
    interval: ask.interval === undefined ? null : formatInterval(ask.interval),
    request: { url, headers },
    ...judged,
    answer: answer === undefined ? null : shown(answer),
    breaker: breaker === undefined ? null : `open until ${isoTime(breaker.openUntilMs)}: ${breaker.why}`,
    records: null,
    mayHoldNone: pipe.empty === 'allow' || from!.source.mayHoldNone === true,
    recordsFault: null,
    ...(hasRecords && (await recordsOf(answer, request, project, workspace))),
  }
}

async function onePipe(project: Project, name: string, params: Readonly<Record<string, string>>): Promise<Pipe> {
  // A disabled pipe may be tried: perhaps that is why.
  const pipes = project.pipes.map(pipe => ({ ...pipe, enabled: true }))
  const [found, ...others] = selectPipes(pipes, { select: [name] }, project)
  const exact = pipes.find(pipe => pipe.name === name) ?? (others.length === 0 ? found : undefined)
  if (exact === undefined) throw refused(`${name} names ${others.length + 1} pipes: name one.`)
  if (!asksProvider(exact)) throw refused(`${exact.name} asks nobody: it has the source ${exact.source}.`, exact.name)
  const [pipe] = await resolvePipes({ ...project, pipes: [exact] }, { select: [exact.name], params, input: [] })
  return pipe!
}

function refused(message: string, name?: string): SluiceError {
  const next = name === undefined ? {} : { next: `See what it would read: sluice run --select ${name} --dry-run` }
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${message} Nothing was asked.`, next)
}

/** The newest interval that one request may ask for, of a year at most. */
function askOf({ pipe, source }: AskingPipe, nowMs: number): Ask {
  const longestMs = source.longest === undefined ? undefined : durationMs(source.longest)
  const only = { startMs: nowMs - Math.min(longestMs ?? LONGEST_MS, LONGEST_MS), endMs: nowMs }
  const times = { nowMs, dueMs: undefined, sinceMs: pipe.sinceMs ?? only.startMs, named: true }
  const [ask] = planPipe(askedTimes(source, pipe), undefined, source.asks === 'now' ? times : { ...times, only }).asks
  if (ask !== undefined) return ask
  throw refused(`${pipe.name} has nothing to ask yet: its history begins ${isoTime(times.sinceMs)}.`)
}

/** Waits for the pipe's turn, and asks. */
async function answerOf(
  { from, request, expects, provider }: PipeRequest,
  project: Project,
  sharing: Sharing,
  deps: Deps,
): Promise<Judgement & { readonly answer?: Answer }> {
  if (from.keyFault !== undefined) return { meaning: 'refused', why: from.keyFault }
  if (provider.key?.required === true && from.secret === undefined) {
    const setting = from.pipe.key ?? provider.key.setting
    return { meaning: 'refused', why: `there is no key: set ${setting} or ${setting}_FILE` }
  }
  const late = await turnOf(from, sharing, deps.clock)
  if (late !== undefined) return late
  const options = transportOptions({ project, deps })
  const transport = openTransport(options)
  try {
    const exchange = await transport.exchange(request, options.timeouts.wholeMs)
    if (exchange.outcome === 'failure') return { meaning: exchange.meaning, why: exchange.why }
    const { answer } = exchange
    return { ...classify(answer, provider.answers, expects), answer }
  } finally {
    await transport.close()
  }
}

const TELLING =
  /^(content-(type|encoding|length)|date|age|etag|last-modified|cache-control|expires|retry-after|link)$|limit|quota|credit/

function shown(answer: Answer): NonNullable<TriedPipe['answer']> {
  const { status, headers, body, wireBytes, requestedAtMs, receivedAtMs } = answer
  return {
    status,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => TELLING.test(name))),
    sizeBytes: body.length,
    wireBytes,
    seconds: (receivedAtMs - requestedAtMs) / 1000,
    body,
  }
}

/** An answer may have the right form and still not be what the source's SQL reads. */
async function recordsOf(
  { body, receivedAtMs }: Answer,
  { from, ask, request }: PipeRequest,
  project: Project,
  { engines, spool }: Workspace,
): Promise<Pick<TriedPipe, 'records' | 'recordsFault'>> {
  const { pipe, source } = from
  const id = captureId({ method: 'GET', url: request.url }, sha256Hex(body))
  const asked = { pipe: pipe.name, params: pipe.params, ...(ask.interval && { interval: ask.interval }) }
  const contract = contractNamed(project.contracts, pipe.contract)
  await loadReferences(project, engines[0]!)
  try {
    const landable = { captureId: id, ...asked, receivedAtMs, body }
    return { records: await tryRecords(landable, { source, pipe, contract }, engines[0]!, spool), recordsFault: null }
  } catch (cause) {
    return { records: null, recordsFault: asSluiceError(cause).message.split('\n')[0]! }
  }
}
