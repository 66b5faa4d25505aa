import { copyFile, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type CapturedFile, captureFile, type ReadableFile } from '../../bronze/capture-file.js'
import { captureId } from '../../bronze/capture-record.js'
import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import type { Interval } from '../../core/interval.js'
import type { Engine } from '../../engine/engine.js'
import { isReadablePath } from '../../engine/file-sql.js'
import { quoteText } from '../../engine/sql-text.js'
import type { Lake } from '../../lake/lake.js'
import type { Pipe } from '../../sources/pipe.js'
import { sampleCopySql, sampleInterval } from '../../sources/sample/sample.js'
import type { FetchedFile } from './fetched.js'

/** Copies and hashes the inputs of all pipes. Samples are of `interval`, else of their own. Nothing is in the lake yet. */
export async function fetchFiles(
  pipes: readonly Pipe[],
  lake: Lake,
  spool: string,
  engine: Engine,
  interval?: Interval,
): Promise<FetchedFile[]> {
  const fetched: FetchedFile[] = []
  const read = new Set<string>()
  for (const [at, pipe] of pipes.entries()) {
    const folder = join(spool, `sampled-${at}`)
    for (const { path, url, method } of await bodiesOf(pipe, folder, engine, interval)) {
      const file = await captureFile(path, {
        mode: pipe.capture,
        encoding: pipe.dialect.encoding,
        spool,
        ordinal: fetched.length,
      })
      // A sample of a time in which nothing traded.
      if (interval !== undefined && isBlank(file)) continue
      refuseEmpty(pipe, file)
      const request = { method, url: url ?? fileUrl(file.name, pipe) }
      const readable = await underOwnName(file.readable, read, join(spool, `again-${fetched.length}`))
      const id = captureId(request, file.sha256)
      const { name, sha256, sizeBytes } = file
      const receivedAtMs = lake.clock.now()
      fetched.push({
        kind: 'file',
        id,
        pipe,
        request,
        name,
        sha256,
        sizeBytes,
        receivedAtMs,
        file: { ...file, readable },
      })
    }
  }
  return fetched
}

/**
 * Records are told apart by the path that they are read from, so a file that several pipes read gets a name for each. A path
 * that DuckDB cannot be told gets another name, too.
 */
export async function underOwnName(readable: ReadableFile, read: Set<string>, name: string): Promise<ReadableFile> {
  if (!read.has(readable.path) && isReadablePath(readable.path)) {
    read.add(readable.path)
    return readable
  }
  // Windows lets not everybody make links.
  await symlink(readable.path, name).catch(() => copyFile(readable.path, name))
  return { ...readable, path: name }
}

interface Body {
  readonly path: string
  readonly method: string
  /** Undefined: the file is asked for, by its name. */
  readonly url: string | undefined
}

/** A sample is made in `folder`, which is its own: two of one kind have one name. */
async function bodiesOf(pipe: Pipe, folder: string, engine: Engine, interval: Interval | undefined): Promise<Body[]> {
  if (pipe.source === 'file') return pipe.input.map(path => ({ path, method: 'READ', url: undefined }))
  const kind = pipe.source === 'sample.bars' ? 'bars' : pipe.source === 'sample.events' ? 'events' : undefined
  if (kind === undefined)
    throw new SluiceError(
      'SLUICE_PIPE_INVALID',
      `The pipe ${pipe.name} names a source that there is not: ${pipe.source}.`,
    )
  const { startMs, endMs } = interval ?? sampleInterval(kind)
  await mkdir(folder)
  const path = join(folder, `sample-${kind}.ndjson`)
  const seed = Number(pipe.params['seed'] ?? 1)
  await engine.run(sampleCopySql(kind, { seed, startMs, endMs }, path))
  return [{ path, method: 'GET', url: `sample://${kind}?seed=${seed}&start=${isoTime(startMs)}&end=${isoTime(endMs)}` }]
}

/**
 * What a file is asked: its name, by which pipe, with which parameters in the pipe's expressions. Two pipes that read one file
 * ask two questions. Where the file lies is no part of it, so that the id of the capture is the same in any lake.
 */
function fileUrl(name: string, pipe: Pipe): string {
  const asked = Object.entries(pipe.params).filter(([, value]) =>
    Object.values(pipe.map).some(sql => sql.includes(quoteText(value))),
  )
  return `file:${encodeURIComponent(name)}?${new URLSearchParams([['pipe', pipe.name], ...asked.sort()])}`
}

/** Whether there is nothing to read in a file: no bytes, or blanks. */
export function isBlank({ sizeBytes, readable }: CapturedFile): boolean {
  return sizeBytes === 0 || (readable.container === 'text' && readable.compression === 'none' && readable.traits.empty)
}

function refuseEmpty(pipe: Pipe, file: CapturedFile): void {
  if (!isBlank(file) || pipe.empty === 'allow') return
  throw new SluiceError('SLUICE_INPUT_EMPTY', `${file.path} is empty.`, { place: { file: file.path } })
}
