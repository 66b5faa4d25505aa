import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readState, writeState } from '../../src/lake/state.js'
import type { LeaseBook } from '../../src/pipeline/fetch/leases.js'
import { answerOf, runHere } from '../crash/command.js'
import { answerAsNbp } from '../pipeline/fetch/nbp-server.js'
import { askingProject } from '../support/asking-project.js'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { storeOn, useCredentials } from '../support/s3-stores.js'
import { type Machine, machine } from './machine.js'
import { ownNetwork } from './own-network.js'

const network = ownNetwork()
if (typeof network === 'string')
  console.warn(
    `NOT TESTED: a worker that is cut off from the store by its network, because there is no network of its own: ${network}`,
  )

/** Working days of the pipe's interval. */
const DAYS = 9
const [EARLIER, LATER] = ['2026-01-31T12:00:00Z', '2026-01-31T15:00:00Z']

describe.skipIf(typeof network === 'string')('a worker whose network is cut in the middle of its run', () => {
  const { host, command, cut, mend, remove } = network as Exclude<typeof network, string>
  let folder: string
  let server: S3Server
  let onFault: () => void | Promise<void>
  let far: Machine
  let near: Machine
  /** What the provider says of each day. */
  let mid = 3
  const provider = createServer((request, response) => answerAsNbp(request, response, () => mid))
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-cut-off-'))
    server = await startS3Server({ host: '0.0.0.0', endpoints: 2, onFault: () => onFault() })
    useCredentials(server)
    await once(provider.listen(0, '0.0.0.0'), 'listening')
    const reached = new URL(server.urls[1]!)
    far = machine('far', folder, `http://${host}:${reached.port}`, command)
    near = machine('near', folder, server.url)
  })
  afterAll(async () => {
    provider.closeAllConnections()
    await new Promise(resolve => provider.close(resolve))
    await server.close()
    remove()
    await rm(folder, { recursive: true })
  })

  async function project(name: string): Promise<string> {
    const { port } = provider.address() as AddressInfo
    const { folder: made } = await askingProject(
      `http://${host}:${port}`,
      '  - { name: nbp-a, source: nbp.rates, since: 2026-01-20, revisit: { last: P14D, every: PT1H } }\n',
    )
    const models = join(made, 'models', 'gold')
    for (const file of await readdir(models)) if (file !== 'fx_daily.sql') await rm(join(models, file))
    const settings = [
      `lake: s3://${server.bucket}/${name}`,
      `store: { endpoint: "${server.url}", region: ${server.region} }`,
      `cache: { folder: ${join(folder, 'here')} }\n`,
    ]
    const file = join(made, 'sluice.yaml')
    const own = await readFile(file, 'utf8')
    await writeFile(file, own.replace('"127.0.0.1"', `"${host}"`) + settings.join('\n'))
    return made
  }

  /** As if the time of all leases had passed. */
  async function endLeases(name: string): Promise<void> {
    const store = storeOn(server, join(folder, 'leases'), `${name}/`)
    const { n, value } = (await readState(store, 'leases'))!
    const ended = Object.entries(value as LeaseBook).map(([key, lease]) => [key, { ...lease, untilMs: 0 }])
    expect(ended).toHaveLength(1)
    expect(await writeState(store, 'leases', n, Object.fromEntries(ended))).toMatchObject({ outcome: 'written' })
  }

  const runArgs = (at: string, runId: string, now: string): string[] => [
    ...['run', '--project', at, '--run-id', runId, '--now', now],
  ]
  const nearRun = async (at: string, runId: string): Promise<object> => {
    const { code, out } = await near.start([...runArgs(at, runId, LATER), '--output', 'json']).ended
    return { code, ...(JSON.parse(out) as object) }
  }
  const farReaches = (url: string): boolean => {
    const [program, ...args] = [...command, process.execPath, '-e', `fetch('${url}').catch(() => process.exit(1))`]
    return spawnSync(program!, args, { timeout: 10_000 }).status === 0
  }

  it.each([
    ['whose commit is on its way', 'late', 'v2.metadata.json'],
    ['that has a file to write before its commit', 'reset', 'parquet'],
  ] as const)('%s, publishes nothing that is stale when its network is back', async (_, fault, ending) => {
    const at = await project(fault)
    mid = 3
    const others: object[] = []
    let reached: boolean | undefined
    let whileCut: Promise<void> | undefined
    onFault = () => {
      whileCut ??= othersWork()
      return whileCut
    }
    const othersWork = async (): Promise<void> => {
      server.plan([])
      cut()
      reached = farReaches(server.urls[1]!.replace('127.0.0.1', host))
      // The provider corrects its table, and once the lease has run out the other worker takes the pipe over.
      mid = 4
      others.push(await nearRun(at, 'waits'))
      await endLeases(fault)
      others.push(await nearRun(at, 'takes-over'))
      mend()
    }
    server.plan([{ fault, keys: `silver/fx_rates_versions/.*${ending}$`, endpoint: 1 }])
    const cutOff = await far.start(runArgs(at, 'cut-off', EARLIER)).ended
    // It may have given up before they were through.
    await whileCut

    expect(reached).toBe(false)
    expect(others).toMatchObject([
      { code: 0, sources: [{ state: 'leased', requests: 0 }] },
      // What the first had captured, and the corrections.
      { code: 0, status: 'published', pipes: [{ in: 2 * DAYS, accepted: 2 * DAYS }] },
    ])
    // It may have given up. Its work is done by then: the next run there finds nothing to do.
    if (cutOff.code !== 0) {
      expect([cutOff.code, cutOff.err]).toEqual([4, expect.stringContaining('error SLUICE_STORE_UNREACHABLE')])
      expect(await far.start(runArgs(at, 'afterwards', LATER)).ended).toMatchObject({ code: 0 })
    }
    const sql = `SELECT (SELECT count(*)::INT FROM silver.fx_rates_versions) AS versions, count(*)::INT AS rows,
      count(DISTINCT event_time)::INT AS keys, min(mid)::INT AS mid FROM silver.fx_rates`
    const { rows } = (await answerOf(['query', sql, '--project', at])) as { rows: object[] }
    expect(rows).toEqual([{ versions: 2 * DAYS, rows: DAYS, keys: DAYS, mid: 4 }])
    expect(await runHere(['verify', '--project', at])).toMatchObject({ code: 0 })
    await rm(at, { recursive: true })
  })
})
