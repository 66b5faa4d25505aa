import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { constants, gunzipSync } from 'node:zlib'
import type { CaptureRecord } from '../../../src/bronze/capture-record.js'
import { readSegment } from '../../../src/bronze/segment.js'
import { seededRandom } from '../../../src/core/random.js'
import { type Deps, systemDeps } from '../../../src/pipeline/deps.js'
import type { PipeDeclaration } from '../../../src/pipeline/pipes/pipe-declaration.js'
import type { Config } from '../../../src/pipeline/project/project.js'
import type { HttpBlock } from '../../../src/sources/generic/http-block.js'
import { localStore } from '../../../src/storage/local-store.js'
import type { JumpClock } from '../../sources/http/jump-clock.js'
import type { Loopback } from '../../sources/http/loopback.js'
import type { ProjectFolder, TestLake } from '../../support/lakes.js'
import { DAY, NOW, nbpPipe } from './nbp-server.js'

/** Days that a pipe of `ratePipe` asks for, the one that is not over included. */
export const DAYS = 31

/** A pipe of source `http` on a server: a provider of its own, daily rates of one currency, 30 days and the begun one. */
export function ratePipe(name: string, url: string, parts: Partial<HttpBlock> = {}): PipeDeclaration {
  return nbpPipe(name, {
    source: 'http',
    params: {},
    sinceMs: NOW - 30 * DAY,
    http: {
      url,
      path: `/${name}/{start:date}/{end:last-date}`,
      query: {},
      headers: {},
      format: 'json',
      records: '$',
      columns: { day: '$.day', code: '$.code', rate: '$.rate' },
      interval: { grain: 'P1D' },
      emptyStatus: [],
      limits: { perSecond: 1000, burst: 100, concurrency: 8 },
      contract: 'fx_rates',
      ...parts,
    },
    map: {
      instrument_id: `'fx:${name}:' || code || 'PLN'`,
      event_time: 'day',
      fixing: `'${name}'`,
      base_currency: 'code',
      quote_currency: `'PLN'`,
      mid: 'rate',
      source: `'${name}'`,
    },
  })
}

/** The days of an address, one record each. */
export function ratesFor(url: string, codeOf: (day: string) => string = () => 'USD'): object[] {
  const [, start, end] = /\/(\d{4}-\d\d-\d\d)\/(\d{4}-\d\d-\d\d)/.exec(url)!
  const days: object[] = []
  for (let ms = Date.parse(start!); ms <= Date.parse(end!); ms += DAY) {
    const day = new Date(ms).toISOString().slice(0, 10)
    days.push({ day, code: codeOf(day), rate: `3.${day.slice(-2)}` })
  }
  return days
}

export function answerRates(request: IncomingMessage, response: ServerResponse): void {
  sendJson(response, ratesFor(request.url!))
}

export function sendJson(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export function says(status: number, body: string | Buffer, headers: Record<string, string> = {}): RequestListener {
  return (_, response) => void response.writeHead(status, headers).end(body)
}

/** A lake whose named providers are servers, with one attempt for each request unless told otherwise. */
export function lakeWith(
  folder: ProjectFolder,
  pipes: readonly PipeDeclaration[],
  { providers = {}, fetch = {} }: { providers?: Record<string, Loopback>; fetch?: Partial<Config['fetch']> } = {},
): TestLake {
  const lake = folder.lake()
  const { config } = lake.project
  const limits = { perSecond: 1000, burst: 100, concurrency: 8 }
  const settings = Object.entries(providers).map(([name, { url }]) => [name, { url, ...limits }])
  return lake.with({
    pipes,
    config: {
      ...config,
      lake: lake.root,
      providers: Object.fromEntries(settings),
      fetch: { ...config.fetch, attempts: 1, ...fetch },
      network: { ...config.network, allowHosts: ['127.0.0.1', 'localhost'] },
    },
  })
}

/** A world that waits no real time. */
export function jumpDeps(clock: JumpClock, env: Deps['env'] = {}): Deps {
  // Pauses are fractions of milliseconds; the time of a machine is not.
  const whole = { ...clock, now: () => Math.ceil(clock.now()) }
  return { ...systemDeps, clock: whole, wait: clock.wait, random: seededRandom(1), env }
}

/** Every capture in the segments of a lake. */
export async function capturesIn({ root }: TestLake): Promise<CaptureRecord[]> {
  const store = localStore(root)
  const found: CaptureRecord[] = []
  for await (const { key } of store.list('bronze/captures/'))
    if (key.endsWith('.ndjson.gz')) found.push(...readSegment((await store.get(key))!, key))
  return found
}

/** All bytes below a folder, file by file, leftovers too; out of gzip as far as they go. */
export async function bytesIn(folder: string): Promise<{ readonly path: string; readonly bytes: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Promise.all(
    paths.map(async path => {
      const bytes = await readFile(path)
      const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b
      return { path, bytes: isZipped ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes }
    }),
  )
}
