import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { useCredentials } from '../support/s3-stores.js'
import { blocksOf } from './markdown.js'
import { type Walkthrough, walkthrough } from './walkthrough.js'

const GUIDES = ['run-on-s3', 'check-a-store', 'cluster'].map(name => `docs/guides/${name}.md`)
/** Addresses in the guides, each of which is an endpoint of the test's store. */
const ADDRESSES = ['http://127.0.0.1:9000', 'http://10.0.0.11:9000', 'http://10.0.0.12:9000', 'http://10.0.0.13:9000']
/** What only Docker can do, as `test/interop/compose.test.ts` does without it; and what does not end, see `test/cli/watch-command.test.ts`. */
const ELSEWHERE = /^(docker compose |export STORE_SECRET_KEY=|npx sluice watch$)/

describe('a reader who keeps a lake in a bucket comes through', () => {
  let server: S3Server
  let project: Walkthrough
  beforeAll(async () => {
    server = await startS3Server({ endpoints: ADDRESSES.length })
    useCredentials(server)
    const stands = new Map(ADDRESSES.map((address, at) => [address, server.urls[at]!]))
    project = await walkthrough({ stands, env: folder => environment(folder, server) })
  })
  afterAll(async () => {
    await project.remove()
    await server.close()
  })

  it.each(GUIDES)('%s', { timeout: 300_000 }, async guide => {
    const before = server.requests().length
    await project.follow(guide)
    expect(server.requests().length).toBeGreaterThan(before)
  })

  it('and every command of these guides was one of those', () => {
    const blocks = GUIDES.flatMap(blocksOf).filter(({ language }) => language === 'sh')
    const others = blocks.filter(({ mark }) => mark !== 'run').flatMap(({ text }) => text.trim().split('\n'))
    expect(others.filter(line => !ELSEWHERE.test(line))).toEqual([])
  })
})

function environment(folder: string, { region }: S3Server): Record<string, string> {
  return { SLUICE__STORE__REGION: region, SLUICE__CACHE__FOLDER: join(folder, 'cache') }
}
