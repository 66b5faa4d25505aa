import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'
import { startS3Server } from '../support/s3-server/s3-server.js'
import { useCredentials } from '../support/s3-stores.js'

let folder: ProjectFolder
let input: string
beforeAll(async () => {
  folder = await projectFolder()
  input = await folder.write('in.ndjson', ndjson(trades(2)))
})
afterAll(() => folder.remove())

const fill = (lake: TestLake) => lake.run({ input: [input], contract: 'market_events' })
const filesOf = ({ root }: TestLake): string[] => readdirSync(root, { recursive: true }).map(String)
const at = (lake: TestLake, address: string): TestLake =>
  lake.with({ config: { ...lake.project.config, lake: address } })

describe('a new lake', () => {
  it('is refused inside another one, however deep, and around one, before anything is written', async () => {
    const outer = folder.lake()
    const place = join(outer.root, 'place')
    expect((await fill(at(outer, place))).status).toBe('published')
    const before = filesOf(outer)
    for (const [address, told] of [
      [outer.root, 'has the lake place in it'],
      [join(place, 'silver'), `lies in the lake ${place}`],
      [join(place, 'a/b/c'), `lies in the lake ${place}`],
    ] as const) {
      const { code, message } = await errorOf(fill(at(outer, address)))
      expect([code, message]).toEqual(['SLUICE_LAKE_NESTED', expect.stringContaining(told)])
    }
    expect(filesOf(outer).filter(name => !before.includes(name))).toEqual([])
    // The one that is there goes on, and beside it is room for others.
    expect((await at(outer, place).run({ input: [input], contract: 'market_events', runId: 'more' })).run_id).toBe(
      'more',
    )
    expect((await fill(at(outer, join(folder.folder, 'beside')))).status).toBe('published')
  })

  it('is refused in a prefix below that of another one in a bucket', async () => {
    const server = await startS3Server()
    onTestFinished(() => server.close())
    useCredentials(server)
    const lake = folder.lake()
    const store = { endpoint: server.url, region: server.region }
    const inBucket = (prefix: string): TestLake =>
      lake.with({
        config: {
          ...lake.project.config,
          lake: `s3://${server.bucket}/${prefix}`,
          store,
          cache: { folder: join(folder.folder, 'cache') },
        },
      })
    expect((await fill(inBucket('team/one'))).status).toBe('published')
    for (const prefix of ['team/one/two', 'team/one/two/three', 'team'])
      expect(await errorOf(fill(inBucket(prefix)))).toMatchObject({ code: 'SLUICE_LAKE_NESTED' })
    expect((await fill(inBucket('team/other'))).status).toBe('published')
  })
})
