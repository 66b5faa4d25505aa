import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bucketPlace } from '../crash/bucket-place.js'
import { runHere } from '../crash/command.js'
import { tinyRun, writeTinyProject } from '../crash/tiny-project.js'
import { type S3Server, type S3ServerOptions, startS3Server } from '../support/s3-server/s3-server.js'
import { useCredentials } from '../support/s3-stores.js'

const open: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(open.map(close => close())))

/** A project whose lake is in a bucket of a server of its own. */
async function bucketProject(options: S3ServerOptions, store = '') {
  const server = await startS3Server(options)
  useCredentials(server)
  const project = await mkdtemp(join(tmpdir(), 'sluice-doctor-s3-'))
  await writeTinyProject(project)
  const place = bucketPlace(server, '', join(project, 'cache'))
  open.push(server.close, place.forget, () => rm(project, { recursive: true }))
  await settle(project, server, store)
  return { project, server, place, keys: async () => [...(await place.objects()).keys()] }
}

async function settle(project: string, { url, region, bucket }: S3Server, store = ''): Promise<void> {
  const settings = `lake: s3://${bucket}\nstore: { endpoint: "${url}", region: ${region}${store} }\n`
  await writeFile(join(project, 'sluice.yaml'), `${settings}cache: { folder: ${join(project, 'cache')} }\n`)
}

const doctor = (project: string, ...args: string[]) => runHere(['doctor', 'store', '--project', project, ...args])

describe('sluice doctor store, of a bucket', () => {
  it('that has what a lake needs finds nothing through all endpoints, and leaves nothing', async () => {
    const { project, server, keys } = await bucketProject({ endpoints: 2 })
    const { code, out } = await doctor(project, '--endpoint', server.urls[1]!)
    expect(out).toContain('ok    store  s3://lake')
    expect(out).toContain('8 objects, 32 writers at once through 4 clients')
    expect(out).toContain('9 checks: 9 ok, 0 warned, 0 failed')
    expect(code).toBe(0)
    expect(await keys()).toEqual([])
    expect(new Set(server.requests().map(({ endpoint }) => endpoint))).toEqual(new Set([0, 1]))
  })

  it.each(['ignored', 'raced'] as const)(
    'whose conditions are %s is found out, with what follows',
    async conditions => {
      const { project, keys } = await bucketProject({ conditions })
      const { code, out } = await doctor(project, '--output', 'json')
      const findings = JSON.parse(out) as { subject: string; status: string; next?: string; code?: string }[]
      const failed = findings.filter(({ status }) => status === 'fail')
      expect(failed.map(({ subject }) => subject)).toEqual(['exclusive create', 'exclusive upload'])
      expect(failed[0]).toMatchObject({
        code: 'SLUICE_STORE_UNFIT',
        next: expect.stringContaining('store.writers: one'),
      })
      expect(code).toBe(2)
      expect(await keys()).toEqual([])
    },
  )

  it('whose clock is ahead warns, and does not fail', async () => {
    const { project } = await bucketProject({ clockSkewMs: 120_000 })
    const { code, out } = await doctor(project)
    expect(out).toMatch(/warn {2}clock {2}the clock of the store is 1(19|20|21) s ahead of that of this machine/)
    expect(code).toBe(0)
  })

  it('that is not there is an error with its own code', async () => {
    const { project, server } = await bucketProject({})
    await settle(project, { ...server, bucket: 'nowhere' })
    const { code, err } = await doctor(project)
    expect(err).toContain('SLUICE_BUCKET_MISSING')
    expect(code).toBe(2)
  })
})

describe('the first run of a lake in a bucket', () => {
  it('whose conditions are ignored is refused before anything is written', async () => {
    const { project, keys } = await bucketProject({ conditions: 'ignored' })
    const { code, err } = await runHere(tinyRun(project, 'first', 'r1'))
    expect(err).toContain('SLUICE_STORE_UNFIT')
    expect(err).toContain('8 of 8 writers created the same object')
    expect(code).toBe(2)
    expect((await keys()).filter(key => !key.startsWith('_attempts/') && !key.startsWith('_ledger/'))).toEqual([])
  })

  it('is allowed to one who promises to write alone, and nobody else may write to that lake', async () => {
    const { project, server, place } = await bucketProject({ conditions: 'ignored' }, ', writers: one')
    expect(await runHere(tinyRun(project, 'first', 'r1'))).toMatchObject({ code: 0 })
    expect(String(await place.read('_layout.json'))).toContain('"writers":"one"')
    await settle(project, server)
    expect((await runHere(tinyRun(project, 'second', 'r2'))).err).toContain('SLUICE_STORE_UNFIT')
    await settle(project, server, ', writers: one')
    expect(await runHere(tinyRun(project, 'second', 'r2'))).toMatchObject({ code: 0 })
  })

  it('races a few creations once, and no later run does', async () => {
    const { project, server } = await bucketProject({})
    const probes = () =>
      server.requests().filter(({ class: kind, key }) => kind === 'create' && key.startsWith('_probe/'))
    expect(await runHere(tinyRun(project, 'first', 'r1'))).toMatchObject({ code: 0 })
    expect(probes()).toHaveLength(27)
    expect(await runHere(tinyRun(project, 'second', 'r2'))).toMatchObject({ code: 0 })
    expect(probes()).toHaveLength(27)
  })
})
