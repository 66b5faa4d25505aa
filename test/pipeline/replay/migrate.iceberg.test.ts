import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { icebergRead } from 'icebird'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ticks } from '../../support/contracts.js'
import { type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { fill, migrate, ticksLake, V2 } from './ticks-lake.js'

const overHttp = globalThis.fetch
let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
  globalThis.fetch = fromDisk
})
afterAll(async () => {
  globalThis.fetch = overHttp
  await folder.remove()
})

/** Files by their absolute paths, with byte ranges, where a reader of Iceberg would go to the network. */
async function fromDisk(url: string | URL | Request, options?: RequestInit): Promise<Response> {
  const found = statSync(String(url), { throwIfNoEntry: false })
  if (found === undefined) return new Response(null, { status: 404 })
  if (options?.method === 'HEAD') return new Response(null, { headers: { 'content-length': String(found.size) } })
  const range = /bytes=(\d+)-(\d*)/.exec(new Headers(options?.headers).get('range') ?? '')
  const body = readFileSync(String(url))
  if (range === null) return new Response(body)
  const end = range[2] === '' ? found.size : Number(range[2]) + 1
  return new Response(body.subarray(Number(range[1]), end), { status: 206 })
}

describe('a reader of Iceberg that we did not write', () => {
  it('has both majors of a dataset side by side', async () => {
    const lake = ticksLake(folder)
    await fill(lake, folder)
    const after = lake.with({ contracts: [ticks(V2)] })
    await migrate(after)
    for (const major of [1, 2]) {
      const rows = await icebergRead({ tableUrl: join(lake.root, `silver/ticks/contract_version=v${major}`) })
      const ours = await after.rows(`SELECT id, price::DOUBLE AS price, note FROM silver.ticks_v${major} ORDER BY id`)
      const theirs = rows.map(({ id, price, note }) => ({
        id,
        price: Number(Number(price).toFixed(4)),
        note: note ?? null,
      }))
      expect(theirs.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1))).toEqual(ours)
    }
  })
})
