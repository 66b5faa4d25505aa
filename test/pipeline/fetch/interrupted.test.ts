import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verify } from '../../../src/pipeline/verify/verify.js'
import { type Loopback, serve } from '../../sources/http/loopback.js'
import { childArgs } from '../../support/child-program.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { answerAsNbp, lakeOn, NOW, nbpPipe } from './nbp-server.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const CHILD = fileURLToPath(new URL('run-child.ts', import.meta.url))

function runInChild({ project }: TestLake): ChildProcess {
  const { config, pipes } = project
  const work = JSON.stringify({ folder: folder.folder, config, pipes, nowMs: NOW })
  return spawn(process.execPath, [...childArgs(CHILD), work], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** The file of a segment that is not in the lake yet, once a capture is in it. */
async function spooledSegment(lake: TestLake, child: ChildProcess): Promise<string> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('the child ended by itself')
    const names = await readdir(lake.root, { recursive: true }).catch(() => [])
    const found = names.find(name => name.includes('/segment-'))
    if (found !== undefined && (await stat(join(lake.root, found)).catch(() => undefined))?.size)
      return join(lake.root, found)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Answers all but the last piece; then the process is in the middle of its fetching. */
async function halfSilent(): Promise<{ server: Loopback; speak: () => void; answered: string[] }> {
  const answered: string[] = []
  let silent = true
  const server = await serve((request, response) => {
    if (silent && request.url!.includes('2026-01-23')) return
    answered.push(request.url!)
    answerAsNbp(request, response)
  })
  return {
    server,
    answered,
    speak: () => {
      silent = false
    },
  }
}

describe('a process that is killed while it fetches', () => {
  it('loses no answer that it had: the next run publishes it and asks only for the rest', async () => {
    const { server, speak, answered } = await halfSilent()
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const child = runInChild(lake)
    await spooledSegment(lake, child)
    child.kill('SIGKILL')
    await once(child, 'exit')
    speak()
    const record = await lake.run({ nowMs: NOW })
    expect(record.salvaged).toMatchObject([{ captures: 1, torn: false }])
    expect(record.pipes).toMatchObject([{ in: 73, accepted: 73 }])
    expect(answered.map(url => url.slice(-34, -12))).toEqual(
      ['2025-10-22/2026-01-22', '2026-01-23/2026-01-30'].map(days => expect.stringContaining(days)),
    )
  })

  it('drops a capture that is cut, says so, and asks for it again', async () => {
    const { server, speak, answered } = await halfSilent()
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const child = runInChild(lake)
    const segment = await spooledSegment(lake, child)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await appendFile(segment, Buffer.from('1f8b08000000000004030b', 'hex'))
    speak()
    const record = await lake.run({ nowMs: NOW })
    expect(record.salvaged).toMatchObject([{ captures: 1, torn: true }])
    expect(record.pipes).toMatchObject([{ accepted: 73 }])
    expect(answered).toHaveLength(2)
  })
})

const RATES = `SELECT COLUMNS(name -> NOT starts_with(name, '_')) FROM silver.fx_rates ORDER BY ALL`

describe('a run that dies between its last commit and its record', () => {
  it('is made good by the next one: what had come is not asked for again', async () => {
    const { server, speak, answered } = await halfSilent()
    speak()
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const died = await lake.run({ nowMs: NOW, runId: 'died' })
    const rows = await lake.text(RATES)
    // All that the run wrote after what it noted of its pipes: its record, and its line in the list of runs.
    await rm(join(lake.root, '_runs/died.json'))
    await rm(join(lake.root, '_ledger'), { recursive: true })
    expect(answered).toHaveLength(2)
    const next = await lake.run({ nowMs: NOW, runId: 'next' })
    expect(next).toMatchObject({ status: 'published', pipes: [{ quarantined: 0, held: 0 }] })
    expect(next.inputs.map(({ capture_id }) => capture_id)).toEqual(
      expect.arrayContaining(died.inputs.map(({ capture_id }) => capture_id)),
    )
    // The day that was not over when it was asked for.
    expect(answered.slice(2)).toEqual([expect.stringContaining('/2026-01-30/2026-01-30')])
    expect(await lake.text(RATES)).toEqual(rows)
    const { verdict, faults } = await verify(lake.project, {})
    // A process that dies leaves a note of its attempt; here that is gone as well.
    expect([verdict, new Set(faults.map(({ code }) => code))]).toEqual(['ok', new Set(['run_unknown'])])
  })
})

describe('a pipe that another run has', () => {
  it('is left alone, and the other run goes on', async () => {
    const { server, speak, answered } = await halfSilent()
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const child = runInChild(lake)
    await spooledSegment(lake, child)
    const record = await lake.run({ nowMs: NOW })
    expect(record.status).toBe('nothing_due')
    expect(record.sources).toMatchObject([{ state: 'leased', requests: 0 }])
    child.kill('SIGKILL')
    await once(child, 'exit')
    speak()
    expect((await lake.run({ nowMs: NOW })).sources).toMatchObject([{ state: 'answered' }])
    expect(answered).toHaveLength(2)
  })
})
