import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SluiceError } from '../../../src/core/errors.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import { serve } from '../../sources/http/loopback.js'
import { errorOf, type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { answerAsNbp, DAY, lakeOn, NOW, nbpPipe } from '../fetch/nbp-server.js'
import { watched } from './watching.js'

const HOUR = 3_600_000
const hourly = { schedule: { everyMs: HOUR }, sinceMs: NOW - 10 * DAY }

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

describe('a watch', () => {
  it('runs what is due at once in one run, and then at its time', async () => {
    const server = await serve(answerAsNbp)
    const pipes = [
      nbpPipe('nbp-a', hourly),
      nbpPipe('nbp-b', hourly),
      nbpPipe('nbp-slow', { ...hourly, schedule: { everyMs: DAY } }),
    ]
    const { runs } = await watched(lakeOn(folder, server, pipes).project, { startMs: NOW, runs: 3 })
    expect(runs.map(({ due, startedMs }) => [due, startedMs - NOW])).toEqual([
      [3, 0],
      [2, HOUR],
      [2, 2 * HOUR],
    ])
    expect(runs[0]!.record!.sources).toMatchObject([
      { state: 'answered' },
      { state: 'answered' },
      { state: 'answered' },
    ])
  })

  it('catches up once after a sleep', async () => {
    const server = await serve(answerAsNbp)
    const { project } = lakeOn(folder, server, [nbpPipe('nbp-a', hourly)])
    const { runs } = await watched(project, { startMs: NOW, runs: 2, lateMs: 7 * HOUR })
    expect(runs.map(({ startedMs }) => Math.floor((startedMs - NOW) / HOUR))).toEqual([0, 7])
    expect(server.asked).toHaveLength(2)
  })

  it('asks nothing again at its start that another run has just asked', async () => {
    const server = await serve(answerAsNbp)
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a', hourly)])
    await lake.run({ nowMs: NOW + 1 })
    const { runs } = await watched(lake.project, { startMs: NOW + 60_000, runs: 1 })
    expect(runs[0]!.record!.sources).toMatchObject([{ state: 'not due' }])
    expect(server.asked).toHaveLength(1)
  })

  it('runs the pipes that it was told, those without a schedule every so often', async () => {
    const server = await serve(answerAsNbp)
    const { project } = lakeOn(folder, server, [nbpPipe('nbp-a', { sinceMs: NOW - DAY }), nbpPipe('other', hourly)])
    const { runs } = await watched(project, { startMs: NOW, runs: 2, select: ['nbp-*'] })
    expect(runs.map(({ due, startedMs }) => [due, startedMs - NOW])).toEqual([
      [1, 0],
      [1, 900_000],
    ])
  })
})

describe('what goes wrong in a run', () => {
  it('makes pauses longer until the provider answers again', async () => {
    let broken = true
    const server = await serve((request, response) => {
      if (broken) response.writeHead(500).end()
      else answerAsNbp(request, response)
    })
    const { project } = lakeOn(folder, server, [nbpPipe('nbp-a', hourly)])
    const config = { ...project.config, fetch: { ...project.config.fetch, attempts: 1 } }
    const afterRun = (number: number) => (broken = number < 3)
    const { runs, status } = await watched({ ...project, config }, { startMs: NOW, runs: 4, afterRun })
    const minutes = runs.map(({ startedMs }) => Math.round((startedMs - NOW) / 60_000))
    expect(minutes).toEqual([0, 1, 3, 7])
    expect(runs.map(run => run.status)).toEqual(['failed', 'failed', 'failed', 'published'])
    expect(status.pipes.get('nbp-a')).toMatchObject({ failures: 0, nextMs: NOW + HOUR })
  })

  it('does not end the watch, not even a missing file, which holds up no other pipe', async () => {
    const server = await serve(answerAsNbp)
    const reads = nbpPipe('reads', { source: 'file', params: {}, input: ['nowhere.csv'] })
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a', hourly), reads])
    const { runs, status } = await watched(lake.project, { startMs: NOW, runs: 4 })
    expect(runs.map(({ due, status: word, startedMs }) => [due, word, startedMs - NOW])).toEqual([
      [2, 'error', 0],
      [1, 'published', 0],
      [1, 'error', 60_000],
      [1, 'error', 180_000],
    ])
    expect(runs[0]!.fault!.code).toBe('SLUICE_INPUT_MISSING')
    expect(status.pipes.get('reads')).toMatchObject({ failures: 3, why: expect.stringContaining('nowhere.csv') })
    expect(status.figures.runs).toEqual({ error: 3, published: 1 })
  })

  it('ends it when the first run already refuses the declarations', async () => {
    const pipes = [nbpPipe('nbp-a', { source: 'file', input: ['x.csv'], map: { mid: 'read_csv(' } })]
    const { code } = await errorOf(watched(folder.lake({ models: [], pipes }).project, { startMs: NOW, runs: 1 }))
    expect(code).toBe('SLUICE_SQL_REFUSED')
  })

  it.each([
    ['has no pipe', [], [], 'no pipe'],
    ['has no pipe of that name', [nbpPipe('nbp-a')], ['nbp-z'], 'Did you mean'],
    [
      'has only pipes that a person must complete',
      [nbpPipe('nbp-a', { params: { table: null } })],
      [],
      'needs a parameter',
    ],
  ])('ends it when the project %s', async (_, pipes, select, text) => {
    const { code, message } = await errorOf(watched(folder.lake({ pipes }).project, { startMs: NOW, runs: 1, select }))
    expect([code, message]).toEqual(['SLUICE_PIPE_UNKNOWN', expect.stringContaining(text)])
  })
})

describe('a watch that is stopped', () => {
  it('publishes what was fetched, gives the pipes back, and does not run again', async () => {
    let stop = (): void => undefined
    const server = await serve((request, response) => {
      if (request.url!.includes('2026-01-23')) stop()
      else answerAsNbp(request, response)
    })
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const { runs } = await watched(lake.project, {
      startMs: NOW,
      runs: 99,
      onEvent: (_, end) => {
        stop = end
      },
    })
    expect(runs).toHaveLength(1)
    expect(runs[0]!.record).toMatchObject({ status: 'partial', pipes: [{ accepted: 67 }] })
    expect(runs[0]!.record!.sources).toMatchObject([{ state: 'not finished' }])
    const next = await lake.run({ ...PLAIN_RUN, nowMs: NOW, dryRun: true })
    expect(next.sources).not.toMatchObject([{ state: 'leased' }])
  })
})

describe('a project whose files change', () => {
  it('is read again between runs; a broken one changes nothing but is told', async () => {
    const server = await serve(answerAsNbp)
    const { project } = lakeOn(folder, server, [nbpPipe('nbp-a', hourly)])
    const more = { ...project, pipes: [...project.pipes, nbpPipe('new', hourly)] }
    const fault = new SluiceError('SLUICE_PIPE_INVALID', 'unknown key')
    const looks = [
      { outcome: 'same' },
      { outcome: 'broken', fault },
      { outcome: 'changed', project: { ...project, pipes: [] } },
      { outcome: 'changed', project: more },
    ] as const
    let look = 0
    const { runs, events, status } = await watched(project, {
      startMs: NOW,
      runs: 2,
      changes: async () => looks[look++] ?? { outcome: 'same' },
    })
    expect(events.filter(kind => kind.startsWith('project'))).toEqual([
      'project is broken',
      'project is broken',
      'project read again',
    ])
    expect(runs.map(({ due }) => due)).toEqual([1, 2])
    expect([...status.pipes.keys()]).toEqual(['nbp-a', 'new'])
    expect(status.projectFault).toBeUndefined()
  })
})
