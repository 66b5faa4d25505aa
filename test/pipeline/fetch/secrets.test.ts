import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderCapture } from '../../../src/cli/render-captures.js'
import { renderRun } from '../../../src/cli/render-run.js'
import { findCapture } from '../../../src/pipeline/captures/find-capture.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import { run } from '../../../src/pipeline/run.js'
import type { KeyPlace } from '../../../src/sources/source.js'
import { jumpClock } from '../../sources/http/jump-clock.js'
import { type Loopback, serve } from '../../sources/http/loopback.js'
import { fakeTerminal } from '../../support/fake-terminal.js'
import { type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { NOW } from './nbp-server.js'
import { bytesIn, capturesIn, jumpDeps, lakeWith, ratePipe, ratesFor, sendJson } from './two-faced.js'

/** A key with every character that somebody escapes; any of its three parts anywhere is a leak, however the rest is written. */
const KEY = `Zq7Xw9/"Vb3Kp1\\&+<Mn5Rt8'=%`
const PARTS = /Zq7Xw9|Vb3Kp1|Mn5Rt8/

let folder: ProjectFolder
/** Holds the file with the key, so it is not one of those that are searched. */
let keys: string
beforeAll(async () => {
  folder = await projectFolder()
  keys = await mkdtemp(join(tmpdir(), 'sluice-key-'))
  await writeFile(join(keys, 'key'), `${KEY}\n`)
})
afterAll(async () => {
  await folder.remove()
  await rm(keys, { recursive: true })
})

const php = (value: string): string => JSON.stringify(value).replaceAll('/', '\\/')
const go = (value: string): string =>
  JSON.stringify(value).replace(/[&<>'+]/g, sign => `\\u00${sign.charCodeAt(0).toString(16)}`)
const html = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')
const percent = (value: string): string =>
  encodeURIComponent(value).replace(/['()*!]/g, sign => `%${sign.charCodeAt(0).toString(16)}`)

type Echo = (request: IncomingMessage, response: ServerResponse) => void

/** Ways in which servers give a key back. Each name is that of a pipe. */
const ECHOES: Readonly<Record<string, Echo>> = {
  'in-records': (request, response) => {
    const notes = `"a":${JSON.stringify(KEY)},"b":${php(KEY)},"c":${go(KEY)},"d":"${percent(KEY)}","e":"${percent(KEY).toLowerCase()}"`
    const nested = `"f":${JSON.stringify(JSON.stringify({ key: KEY }))},"g":${JSON.stringify(html(KEY))},"h":${JSON.stringify(encodeURI(KEY))}`
    const rates = ratesFor(request.url!).map(one => JSON.stringify(one).replace('{', `{${notes},${nested},`))
    const body = `[${rates.join(',')}]`
    response.writeHead(200, { 'content-encoding': 'gzip', etag: `"${percent(KEY)}"` }).end(gzipSync(body))
  },
  'in-headers': (request, response) =>
    sendJson(response, ratesFor(request.url!), { 'x-you-sent': KEY, link: `</next?key=${percent(KEY)}>; rel="self"` }),
  'in-a-page': (_, response) => response.writeHead(200).end(`<html><body>Bad key ${html(KEY)}</body></html>`),
  'in-a-refusal': (_, response) => response.writeHead(401).end(`Bad key ${KEY} (${percent(KEY)})`),
  'in-an-error': (_, response) => response.writeHead(500).end(`{"error":${go(`no ${KEY}`)}}`),
  'in-half-a-body': (_, response) => {
    response.writeHead(200, { 'content-length': '5000' })
    response.write(`[{"key":${php(KEY)}`, () => response.destroy())
  },
  'to-a-private-path': (_, response) =>
    response.writeHead(302, { location: `http://10.0.0.1/${encodeURI(KEY).replaceAll('%22', '"')}/x` }).end(),
  'to-a-private-query': (_, response) =>
    response.writeHead(302, { location: `http://10.0.0.1/?apikey=${percent(KEY)}` }).end(),
  'round-in-circles': (_, response) => response.writeHead(302, { location: `/in-circles/${encodeURI(KEY)}` }).end(),
  'to-no-address': (_, response) => response.writeHead(302, { location: `http://[${percent(KEY)}` }).end(),
  'to-another-scheme': (_, response) => response.writeHead(302, { location: `ftp://${percent(KEY)}@host/` }).end(),
}

const echo: Echo = (request, response) => {
  const name = /^\/([a-z-]+)\//.exec(request.url!)![1]!
  const answer = ECHOES[name] ?? ECHOES['round-in-circles']!
  answer(request, response)
}

const PLACES: readonly (readonly [string, KeyPlace, 'value' | 'file'])[] = [
  ['query', { query: 'apikey' }, 'value'],
  ['header', { header: 'X-Api-Key' }, 'file'],
  ['bearer', { bearer: true }, 'value'],
]

function sentKey({ url, headers }: Loopback['asked'][number]): unknown {
  const authorization = headers.authorization?.replace(/^Bearer /, '')
  return new URL(url, 'http://a').searchParams.get('apikey') ?? headers['x-api-key'] ?? authorization
}

describe('the key of a provider', () => {
  it('is sent, and is nowhere in what runs leave behind, print or throw', async () => {
    const servers = new Map<string, Loopback>()
    for (const [place] of PLACES) servers.set(place, await serve(echo))
    const pipes = PLACES.flatMap(([place, where]) =>
      Object.keys(ECHOES).map(name => ({
        ...ratePipe(name, servers.get(place)!.url, { auth: { in: where, setting: `KEY_${place}` } }),
        name: `${place}-${name}`,
      })),
    )
    const plain = lakeWith(folder, pipes, { fetch: { attempts: 2 } })
    const told: string[] = []
    const listener = await serve((request, response) => {
      request.on('data', chunk => told.push(String(chunk)))
      request.on('end', () => response.end())
    })
    const events = { source: 'urn:sluice:keys', deadlineMs: 20_000, attempts: 1, webhook: { url: listener.url } }
    const lake = plain.with({ config: { ...plain.project.config, events } })
    const env = Object.fromEntries(
      PLACES.map(([place, , how]) =>
        how === 'file' ? [`KEY_${place}_FILE`, join(keys, 'key')] : [`KEY_${place}`, KEY],
      ),
    )
    const clock = jumpClock(NOW)
    const deps = jumpDeps(clock, env)
    const terminal = fakeTerminal({ env })
    const said: unknown[] = []
    for (let n = 0; n < 2; n++) {
      const record = await run(lake.project, { ...PLAIN_RUN, onProgress: event => said.push(event) }, deps)
      said.push(record, renderRun({ record, risk: undefined, lake: lake.root, project: undefined }, terminal))
      expect(
        record
          .sources!.filter(({ state }) => state === 'answered')
          .map(({ pipe }) => pipe)
          .slice(0, 2),
      ).toEqual(['query-in-records', 'query-in-headers'])
      clock.advance(3_600_000)
    }
    for (const [place, server] of servers) {
      const first = server.asked.filter(({ url }) => !url.includes('/in-circles/'))
      expect(new Set(first.map(sentKey)), place).toEqual(new Set([KEY]))
    }
    for (const { id } of await capturesIn(lake)) {
      const { record, segment, bytes } = await findCapture(lake.project, id)
      const chunks = []
      for await (const chunk of bytes()) chunks.push(chunk)
      said.push(record, renderCapture(record, segment, terminal), Buffer.concat(chunks).toString('latin1'))
    }
    const wrong = { ...env, KEY_header: KEY }
    const again = await run(lake.project, PLAIN_RUN, jumpDeps(clock, wrong))
    const [header, query] = ['header-in-records', 'query-in-records'].map(name =>
      again.sources!.find(({ pipe }) => pipe === name),
    )
    expect(header).toMatchObject({
      state: 'failed',
      meaning: 'refused',
      why: expect.stringContaining('KEY_header_FILE'),
    })
    expect(query).toMatchObject({ state: 'answered' })
    said.push(again, renderRun({ record: again, risk: undefined, lake: lake.root, project: undefined }, terminal))

    expect(told.join()).toContain('sluice.dataset.stale')
    said.push(...told)
    for (const text of said) expect(typeof text === 'string' ? text : JSON.stringify(text)).not.toMatch(PARTS)
    const leaks = (await bytesIn(folder.folder)).filter(({ bytes }) => PARTS.test(bytes.toString('latin1')))
    expect(leaks.map(({ path, bytes }) => [path, PARTS.exec(bytes.toString('latin1'))!.input.slice(0, 400)])).toEqual(
      [],
    )
    expect(
      await lake.rows(`SELECT DISTINCT _extra->>'a' AS a FROM bronze.fx_rates WHERE _extra->>'a' IS NOT NULL`),
    ).toEqual([{ a: '***' }])
  })
})
