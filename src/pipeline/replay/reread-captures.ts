import { basename, join } from 'node:path'
import { captureFile } from '../../bronze/capture-file.js'
import type { CaptureRecord } from '../../bronze/capture-record.js'
import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import { groupBy } from '../../core/group-by.js'
import { sha256Hex } from '../../core/ids.js'
import type { Engine } from '../../engine/engine.js'
import type { Pipe } from '../../sources/pipe.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { askingPipes, asksProvider } from '../fetch/asking-pipes.js'
import { underOwnName } from '../fetch/fetch-files.js'
import { answerGroups } from '../fetch/fetch-sources.js'
import type { FetchedFile } from '../fetch/fetched.js'
import type { AskingPipe } from '../fetch/requests.js'
import type { Project } from '../project/project.js'
import { type Reading, readingOf, withAnswers } from '../settle/reading.js'
import { goneReference, localBody } from './local-body.js'
import { pipesOfCaptures } from './pipe-of-capture.js'
import { eachReceipt, type Receipt } from './receipts.js'

/** Captures of one dataset to read again, by id. */
export interface WantedCaptures {
  /** By which pipe a run took each, and what it is called. */
  readonly captures: ReadonlyMap<string, readonly { readonly pipe: string; readonly name: string }[]>
  /** Of a capture that came more than once, whether this receipt is wanted. */
  wants(record: CaptureRecord): boolean
}

/** A capture that cannot be read again. */
export interface LostCapture {
  readonly captureId: string
  readonly pipe: string
  readonly name: string
  readonly why: string
}

export interface Reread {
  /** To be settled like the captures of any run: `settleDataset`. */
  readonly reading: Reading
  readonly lost: readonly LostCapture[]
}

export interface RereadOptions {
  readonly project: Project
  /** Today's contract of the dataset. */
  readonly contract: Contract
  readonly store: ObjectStore
  readonly engine: Engine
  /** A folder of this run: bodies that are packed, and what reading needs, are put there. */
  readonly spool: string
}

/**
 * Brings captures back from the lake for today's pipes and contract: every receipt with the time at which it came, whose bytes have the hash
 * that was noted. Asks no provider, writes nothing to the lake. What cannot be read again is named, and does not stop the rest.
 */
export async function rereadCaptures(wanted: WantedCaptures, options: RereadOptions): Promise<Reread> {
  const { project, contract, store, spool } = options
  const pipeOf = pipesOfCaptures(project, contract)
  const asking = new Map<Pipe, AskingPipe>()
  const groups = answerGroups({ project, spool })
  const files: FetchedFile[] = []
  const paths = new Set<string>()
  const lost = new LostCaptures(wanted)
  const broken = await eachReceipt(new Set(wanted.captures.keys()), store, async receipt => {
    const { record, provider, again } = receipt
    if (!lost.isOf(record) || !wanted.wants(record)) return lost.found(record)
    const found = pipeOf(record, provider)
    if ('why' in found) return lost.add(record, found.why)
    if (asksProvider(found.pipe)) {
      const body = answerBody(record)
      if (body === undefined) return lost.add(record, 'its bytes are no answer of a provider')
      const from = asking.get(found.pipe) ?? (await askingPipes([found.pipe], project.config, {}))[0]!
      asking.set(found.pipe, from)
      await groups.add(record, from, body, again ? stagedAgain(record) : undefined)
    } else {
      const file = await fileOf(receipt, found.pipe, files.length, { ...options, paths })
      if ('why' in file) return lost.add(record, file.why)
      files.push(file)
    }
    lost.found(record)
  })
  const reading = await readFiles(files, lost, options)
  const answers = (await groups.close()).filter(group => group.fetched.length > 0)
  return { reading: withAnswers(reading, answers), lost: lost.all(broken) }
}

/** What `rereadCaptures` would find, told from the records alone: how many receipts it would read, and what is lost for certain. */
export async function planReread(
  wanted: WantedCaptures,
  { project, contract, store }: Pick<RereadOptions, 'project' | 'contract' | 'store'>,
): Promise<{ readonly receipts: number; readonly bytes: number; readonly lost: readonly LostCapture[] }> {
  const pipeOf = pipesOfCaptures(project, contract)
  const lost = new LostCaptures(wanted)
  let [receipts, bytes] = [0, 0]
  const broken = await eachReceipt(new Set(wanted.captures.keys()), store, async ({ record, provider }) => {
    if (!lost.isOf(record) || !wanted.wants(record)) return lost.found(record)
    const found = pipeOf(record, provider)
    const { body } = record.response
    const why = 'why' in found ? found.why : body.kind === 'reference' ? await goneReference(body.path) : undefined
    if (why !== undefined) return lost.add(record, why)
    receipts++
    bytes += record.sizeBytes
    lost.found(record)
  })
  return { receipts, bytes, lost: lost.all(broken) }
}

/** Which of the wanted captures were found, and which cannot be read. */
class LostCaptures {
  readonly #wanted: WantedCaptures
  readonly #found = new Set<string>()
  readonly #lost = new Map<string, LostCapture>()

  constructor(wanted: WantedCaptures) {
    this.#wanted = wanted
  }

  /** Two pipes may have captures of one id: only those that were wanted count. */
  isOf(record: Pick<CaptureRecord, 'id' | 'pipe'>): boolean {
    return this.#wanted.captures.get(record.id)?.some(({ pipe }) => pipe === record.pipe) === true
  }

  found({ id, pipe }: Pick<CaptureRecord, 'id' | 'pipe'>): void {
    this.#found.add(`${id} ${pipe}`)
  }

  add({ id, pipe }: Pick<CaptureRecord, 'id' | 'pipe'>, why: string): void {
    const name = this.#wanted.captures.get(id)?.find(own => own.pipe === pipe)?.name ?? ''
    this.#lost.set(`${id} ${pipe}`, { captureId: id, pipe, name, why })
  }

  /** In order of pipes and names. */
  all(broken: readonly string[]): LostCapture[] {
    const hint = broken.length === 0 ? '' : `; ${broken.length} segments cannot be read to their end: ${broken[0]}`
    for (const [id, owners] of this.#wanted.captures) {
      for (const { pipe } of owners) {
        const key = `${id} ${pipe}`
        if (!this.#found.has(key) && !this.#lost.has(key))
          this.add({ id, pipe }, `its record is not in the lake${hint}`)
      }
    }
    const order = ({ pipe, name, captureId }: LostCapture): string => JSON.stringify([pipe, name, captureId])
    return [...this.#lost.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1))
  }
}

/** An answer stands in its record; only files stand beside it. */
function answerBody({ response: { body }, sha256 }: CaptureRecord): Buffer | undefined {
  const bytes =
    body.kind === 'text'
      ? Buffer.from(body.text, 'utf8')
      : body.kind === 'base64'
        ? Buffer.from(body.base64, 'base64')
        : undefined
  return bytes !== undefined && sha256Hex(bytes) === sha256 ? bytes : undefined
}

function stagedAgain({ id, receivedAt }: CaptureRecord): string {
  return sha256Hex(`${id} ${receivedAt}`).slice(0, 32)
}

async function fileOf(
  { record }: Receipt,
  pipe: Pipe,
  ordinal: number,
  options: RereadOptions & { readonly paths: Set<string> },
): Promise<FetchedFile | { readonly why: string }> {
  const { store, spool } = options
  const body = await localBody(record, join(spool, `replay-${ordinal}`), store)
  if ('why' in body) return body
  const reading = { mode: 'reference' as const, encoding: pipe.dialect.encoding, spool, ordinal }
  const read = await captureFile(body.path, reading).catch(refused)
  if ('why' in read) return read
  if (read.sha256 !== record.sha256)
    return { why: `the bytes in ${body.path} are not those that came: their hash is another` }
  const { id, request, sha256, sizeBytes } = record
  const name = nameOf(record)
  const { method, url } = request
  const readable = await underOwnName(read.readable, options.paths, join(spool, `replay-again-${ordinal}`))
  const file = { ...read, readable, path: name, name }
  return {
    kind: 'file',
    id,
    pipe,
    request: { method, url },
    name,
    sha256,
    sizeBytes,
    receivedAtMs: Date.parse(record.receivedAt),
    file,
  }
}

/** The name of the file that was read, without its folder: that is no part of a capture. */
function nameOf({ request: { url }, response: { body } }: CaptureRecord): string {
  if (body.kind === 'reference') return body.path
  return basename(decodeURIComponent(/^file:([^?]*)/.exec(url)?.[1] ?? 'records'))
}

/** A pipe of today that cannot read what it read once loses its own captures, not those of the others. */
async function readFiles(files: readonly FetchedFile[], lost: LostCaptures, options: RereadOptions): Promise<Reading> {
  const { contract, engine, spool } = options
  let reading: Reading = { contract, fetched: [], statements: [] }
  for (const own of groupBy(files, ({ pipe }) => pipe).values()) {
    const read = await readingOf(contract, own, engine, spool).catch(refused)
    if ('why' in read) for (const { id, pipe } of own) lost.add({ id, pipe: pipe.name }, read.why)
    else
      reading = {
        contract,
        fetched: [...reading.fetched, ...read.fetched],
        statements: [...reading.statements, ...read.statements],
      }
  }
  return reading
}

function refused(cause: unknown): { readonly why: string } {
  if (cause instanceof SluiceError && (cause.kind === 'source' || cause.kind === 'invalid'))
    return { why: cause.message }
  throw cause
}
