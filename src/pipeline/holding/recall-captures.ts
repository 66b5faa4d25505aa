import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { captureFile } from '../../bronze/capture-file.js'
import type { CaptureRecord } from '../../bronze/capture-record.js'
import { eachCapture } from '../../bronze/each-capture.js'
import { SluiceError } from '../../core/errors.js'
import { groupBy } from '../../core/group-by.js'
import type { Pipe } from '../../sources/pipe.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { captureBytes } from '../captures/find-capture.js'
import type { FetchedFile } from '../fetch/fetched.js'
import { keyOfPipe } from '../fetch/pipe-book.js'
import type { SourcePlan } from '../fetch/plan-sources.js'
import { fillParameters } from '../pipes/fill-parameters.js'
import { contractNamed, filePipe } from '../pipes/resolve-pipes.js'
import type { Project } from '../project/project.js'
import type { Hold } from './hold-book.js'
import type { RecalledCapture } from './recall.js'
import { locateCaptures, type StoredCapture } from './stored-captures.js'

/** The captures of holds, where they stand. Throws SLUICE_CAPTURE_CORRUPT, SLUICE_PIPE_UNKNOWN. */
export async function recallHolds(
  holds: readonly Hold[],
  project: Project,
  store: ObjectStore,
): Promise<RecalledCapture[]> {
  const captures = holds.flatMap(hold => hold.captures)
  const wanted = new Map(captures.map(({ id, received_at }) => [id, Date.parse(received_at)]))
  return recalled([...(await locateCaptures(store, wanted)).values()], project)
}

/** Captures with their pipes, as they are declared today. Captures of one pipe with the same parameters share it. */
export function recalled(captures: readonly StoredCapture[], project: Project): RecalledCapture[] {
  const pipes = new Map<string, Pipe>()
  return captures.map(({ id, segment, receivedAtMs, pipe, params }) => {
    const key = JSON.stringify([pipe, Object.entries(params).sort()])
    const found = pipes.get(key) ?? declaredPipe(pipe, params, project)
    pipes.set(key, found)
    return { id, segment, receivedAtMs, pipe: found }
  })
}

/** What `sluice run --input` calls the pipe of its files. */
const OF_INPUT = /^input-(.+)$/

function declaredPipe(name: string, params: Pipe['params'], project: Project): Pipe {
  const declared = project.pipes.find(pipe => pipe.name === name)
  // Its files may be elsewhere now; the lake has their bytes.
  if (declared !== undefined) return { ...fillParameters(declared, params), input: [] }
  const dataset = OF_INPUT.exec(name)?.[1]
  if (dataset !== undefined) return filePipe(contractNamed(project.contracts, dataset), [])
  const message = `The pipe ${name} is not declared any more, so nobody knows how to read its captures. Nothing was changed.`
  throw new SluiceError('SLUICE_PIPE_UNKNOWN', message, { next: `Declare ${name} again, or discard what it brought.` })
}

/**
 * Captures of files as if they had been fetched now, received when they were. Their bytes are checked and written to the spool. Those whose
 * bytes are gone, as of a file that the lake only refers to, are refused (SLUICE_CAPTURE_CORRUPT) or left out.
 */
export async function recallFiles(
  captures: readonly RecalledCapture[],
  store: ObjectStore,
  spool: string,
  gone: 'refused' | 'left out',
): Promise<FetchedFile[]> {
  const files: FetchedFile[] = []
  for (const [segment, wanted] of groupBy(captures, capture => capture.segment)) {
    const records = await recordsIn(segment, wanted, store)
    for (const capture of wanted) {
      const record = records.get(capture.id)
      if (record === undefined) throw missing(segment, capture.id)
      const file = await recallFile(capture, record, store, join(spool, `recalled-${files.length}`)).catch(cause => {
        if (gone === 'left out' && cause instanceof SluiceError && cause.code === 'SLUICE_CAPTURE_CORRUPT')
          return undefined
        throw cause
      })
      if (file !== undefined) files.push(file)
    }
  }
  return files
}

async function recordsIn(
  segment: string,
  wanted: readonly RecalledCapture[],
  store: ObjectStore,
): Promise<ReadonlyMap<string, CaptureRecord>> {
  const bytes = await store.get(segment)
  if (bytes === undefined) throw missing(segment, wanted[0]!.id)
  const times = new Map(wanted.map(({ id, receivedAtMs }) => [id, receivedAtMs]))
  const records = new Map<string, CaptureRecord>()
  await eachCapture(bytes, record => {
    if (times.get(record.id) === Date.parse(record.receivedAt)) records.set(record.id, record)
  })
  return records
}

async function recallFile(
  { id, pipe, receivedAtMs }: RecalledCapture,
  record: CaptureRecord,
  store: ObjectStore,
  path: string,
): Promise<FetchedFile> {
  await pipeline(captureBytes(record, store), createWriteStream(path))
  // Its bytes are in the lake already: no further copy is made.
  const folder = `${path}-text`
  await mkdir(folder)
  const { encoding } = pipe.dialect
  const file = await captureFile(path, { mode: 'reference', encoding, spool: folder, ordinal: 0 })
  const name = nameIn(record)
  const { sha256, sizeBytes, request } = record
  const { method, url } = request
  return {
    kind: 'file',
    id,
    pipe,
    name,
    sha256,
    sizeBytes,
    receivedAtMs,
    request: { method, url },
    file: { ...file, path: name, name },
  }
}

/** `file:trades.csv?pipe=trades` */
function nameIn({ request: { url } }: CaptureRecord): string {
  const name = /^file:([^?]*)/.exec(url)?.[1]
  return name === undefined ? url : decodeURIComponent(name)
}

/** Plans that ask nobody and land captures again. */
export function recallPlans(plans: readonly SourcePlan[], captures: readonly RecalledCapture[]): SourcePlan[] {
  const byPipe = groupBy(captures, ({ pipe }) => keyOfPipe(pipe))
  return plans.map(({ from, entry }) => ({
    from,
    entry: { ...entry, waiting: (byPipe.get(from.key) ?? []).map(({ id, segment }) => ({ id, segment })) },
    plan: { asks: [], revisited: false, idle: 'done' },
  }))
}

function missing(segment: string, id: string): SluiceError {
  const message = `The capture ${id} in ${segment} is gone. Nothing was changed.`
  return new SluiceError('SLUICE_CAPTURE_CORRUPT', message, { place: { file: segment } })
}
