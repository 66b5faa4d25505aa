import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { answerOf, runHere } from '../crash/command.js'
import { runsOn } from '../crash/judge.js'
import { answerAsNbp } from '../pipeline/fetch/nbp-server.js'
import { serve } from '../sources/http/loopback.js'
import { askingProject } from '../support/asking-project.js'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { useCredentials } from '../support/s3-stores.js'
import { contradictions } from './history.js'
import { canRename, type Machine, machine } from './machine.js'
import { race } from './race.js'
import { SHARED, type WriterRun, writeWritersProject } from './writers-project.js'

if (!canRename) console.warn('CLUSTER TESTED ON ONE MACHINE: unshare cannot give a process a host name of its own')

/** What happens when a planned fault does; set by each test. */
let onFault: () => void | Promise<void> = () => undefined
let server: S3Server
let machines: readonly Machine[]
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-cluster-'))
  server = await startS3Server({ endpoints: 3, onFault: () => onFault() })
  useCredentials(server)
  machines = server.urls.map((url, at) => machine(`machine-${at}`, folder, url))
})
afterEach(() => {
  server.plan([])
  onFault = () => undefined
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

/** A project of writers whose lake lies in the bucket below its name. */
async function bucketProject(
  name: string,
  writers: number,
  runs: number,
): Promise<{ project: string; plan: WriterRun[][] }> {
  const project = join(folder, name)
  const plan = await writeWritersProject(project, writers, runs)
  await writeFile(join(project, 'sluice.yaml'), settings(name))
  return { project, plan }
}

function settings(name: string): string {
  return [
    `lake: s3://${server.bucket}/${name}`,
    `store: { endpoint: "${server.url}", region: ${server.region} }`,
    `cache: { folder: ${join(folder, 'here')} }`,
    'engine: { threads: 1, memory_limit: 256MB }\n',
  ].join('\n')
}

const runArgs = (project: string, { file, id }: WriterRun): string[] => [
  ...['run', '--project', project, '--input', join(project, file), '--contract', 'marks', '--run-id', id],
]

/** Every key and how often it stands in the table, with the version that won. */
async function rowsOf(project: string): Promise<Record<string, number>> {
  const sql = 'SELECT instrument_id, count(*)::INT AS rows, max(version)::INT AS version FROM silver.marks GROUP BY ALL'
  const { rows } = (await answerOf(['query', sql, '--project', project])) as {
    rows: { instrument_id: string; rows: number; version: number }[]
  }
  for (const { rows: count } of rows) expect(count).toBe(2)
  return Object.fromEntries(rows.map(({ instrument_id, version }) => [instrument_id, version]))
}

describe('machines that share a bucket', () => {
  it('lose no run, double no key and show no reader a half', { timeout: 600_000 }, async () => {
    const [WRITERS, RUNS] = (process.env['SLUICE_CLUSTER'] ?? '2x1').split('x').map(Number) as [number, number]
    const { project, plan } = await bucketProject('race', WRITERS, RUNS)
    const { writes, reads, failures } = await race(
      project,
      plan,
      1,
      (who, args) => machines[who % machines.length]!.start(args).ended,
    )
    expect(failures).toEqual([])
    expect(writes.filter(({ acknowledged }) => acknowledged)).toHaveLength(WRITERS * RUNS)
    expect(contradictions(writes, reads)).toEqual([])
    expect(await rowsOf(project)).toMatchObject({ [SHARED]: WRITERS * RUNS - 1 })
    expect(await runsOn(project)).toHaveLength(WRITERS * RUNS)
  })

  it('finish each other’s runs: one that is killed at its commit costs a retry, and no duplicate', async () => {
    const { project, plan } = await bucketProject('killed', 1, 3)
    const [runs] = plan as [WriterRun[]]
    expect(await runHere(runArgs(project, runs[0]!))).toMatchObject({ code: 0 })
    const deaths = [
      { fault: 'lost answer', keys: 'silver/marks/.*metadata.json$' },
      { fault: 'lost answer', keys: '_runs/' },
    ] as const
    for (const [at, death] of deaths.entries()) {
      const command = machines[1]!.start(runArgs(project, runs[at + 1]!))
      onFault = () => command.signal('SIGKILL')
      server.plan([{ ...death, on: 'create', endpoint: 1 }])
      expect(await command.ended).toMatchObject({ signal: 'SIGKILL' })
      server.plan([])
      const again = await machines[2]!.start(runArgs(project, runs[at + 1]!)).ended
      expect([again.code, again.err]).toEqual([0, expect.not.stringContaining('error')])
      expect(await rowsOf(project)).toMatchObject({ [SHARED]: at + 1, [runs[at + 1]!.id]: at + 1 })
    }
    expect((await runsOn(project)).sort()).toEqual(runs.map(({ id }) => id))
    expect(await runHere(['verify', '--project', project])).toMatchObject({ code: 0 })
  })

  it.each([
    ['late', 'whose commit was long on its way'],
    ['reset', 'that slept at its commit'],
  ] as const)('do not publish stale work (%s): one %s finds what the others have published', async (fault, _how) => {
    const { project, plan } = await bucketProject(fault, 1, 3)
    const [first, older, newer] = plan[0] as [WriterRun, WriterRun, WriterRun]
    expect(await runHere(runArgs(project, first))).toMatchObject({ code: 0 })
    const sleeper = machines[1]!.start(runArgs(project, older))
    let others = 0
    onFault = async () => {
      sleeper.signal('SIGSTOP')
      server.plan([])
      const { code } = await machines[2]!.start(runArgs(project, newer)).ended
      others = code === 0 ? 1 : 0
      sleeper.signal('SIGCONT')
    }
    server.plan([{ fault, on: 'create', keys: 'silver/marks/.*metadata.json$', endpoint: 1 }])
    const { code, err } = await sleeper.ended
    expect([others, code, err]).toEqual([1, 0, expect.not.stringContaining('error')])
    expect(await rowsOf(project)).toEqual({ [SHARED]: newer.version, [first.id]: 0, [older.id]: 1, [newer.id]: 2 })
  })

  it('cut off from the store end with a named error, and publish nothing afterwards', async () => {
    const { project, plan } = await bucketProject('cut', 1, 2)
    const [first, second] = plan[0] as [WriterRun, WriterRun]
    expect(await runHere(runArgs(project, first))).toMatchObject({ code: 0 })
    // From its first file on it reaches nothing any more, whatever it tries.
    let isCut = false
    onFault = () => {
      if (isCut) return
      isCut = true
      server.plan([{ fault: 'reset', endpoint: 1, times: Number.POSITIVE_INFINITY }])
    }
    server.plan([{ fault: 'reset', keys: 'silver/marks/.*parquet$', endpoint: 1 }])
    const { code, err } = await machines[1]!.start(runArgs(project, second)).ended
    expect([isCut, code]).toEqual([true, 4])
    expect(err).toMatch(/error SLUICE_STORE_UNREACHABLE/)
    expect(await rowsOf(project)).toEqual({ [SHARED]: 0, [first.id]: 0 })
    expect(await machines[2]!.start(runArgs(project, second)).ended).toMatchObject({ code: 0 })
    expect(await rowsOf(project)).toEqual({ [SHARED]: 1, [first.id]: 0, [second.id]: 1 })
  })
})

describe('a pipe that asks a provider', () => {
  it('is on one machine at a time, and stays with it until it ended or is known to be dead', async () => {
    const asked: string[] = []
    let isSilent = true
    let tellAsked: () => void = () => undefined
    const whenAsked = new Promise<void>(resolve => {
      tellAsked = resolve
    })
    const provider = await serve((request, response) => {
      asked.push(request.url!)
      tellAsked()
      if (!isSilent) answerAsNbp(request, response)
    })
    const { folder: project, remove } = await askingProject(
      provider.url,
      '  - { name: nbp-a, source: nbp.rates, since: 2026-01-20 }\n',
    )
    await appendFile(join(project, 'sluice.yaml'), settings('leased').replace(/engine:.*\n/, ''))
    const run = (on: Machine) =>
      on.start(['run', '--project', project, '--now', '2026-01-31T12:00:00Z', '--output', 'json'])
    const sourcesOf = async (on: Machine) => (JSON.parse((await run(on).ended).out) as { sources: object[] }).sources
    try {
      const killed = run(machines[0]!)
      await whenAsked
      expect(await sourcesOf(machines[1]!)).toMatchObject([{ state: 'leased', requests: 0 }])
      killed.signal('SIGKILL')
      await killed.ended
      isSilent = false
      // Another machine cannot know that it is dead; its own one does.
      if (canRename) expect(await sourcesOf(machines[1]!)).toMatchObject([{ state: 'leased', requests: 0 }])
      expect(await sourcesOf(machines[0]!)).toMatchObject([{ state: 'answered', requests: 1 }])
      expect(asked).toHaveLength(2)
    } finally {
      await remove()
    }
  })
})
