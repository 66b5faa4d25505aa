import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { type QualityOptions, type QualityReport, qualityReport } from '../../src/pipeline/quality/quality-report.js'
import { ticks } from '../support/contracts.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson } from '../support/records.js'

let folder: ProjectFolder
let lake: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  const metrics = folder.project.contracts.find(({ dataset }) => dataset === 'data_quality_metrics')!
  const far =
    '{ id: far_away, type: sql, query: "SELECT max(price) FROM {object} WHERE price > 1000", mustBeLessThan: 2 }'
  const mean = '{ id: mean, type: sql, query: "SELECT avg(price) FROM {object}", mustBeLessThan: 1000, severity: warn }'
  const pipe = (name: string) => `  - { name: ${name}, source: file, contract: ticks, input: ${name}.ndjson }\n`
  lake = folder.lake({
    ...{
      models: [],
      contracts: [ticks({ maxShare: 0.3, quality: [far, mean] }), { ...ticks(), dataset: 'idle' }, metrics],
    },
    pipes: parsePipes(`pipes:\n${pipe('one')}${pipe('two')}`, 'pipes/ticks.yaml'),
  })
})
afterAll(() => folder.remove())

/** One run a day; of ten rows so many have no price that the contract lets pass. */
async function run(day: number, bad: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, count] of Object.entries(bad)) {
    const rows = Array.from({ length: 10 }, (_, at) => ({
      ...{ id: `${name}${day}-${at}`, moment: '2026-01-05T10:00:00Z' },
      price: at < count ? -1 : 5,
    }))
    await folder.write(`${name}.ndjson`, ndjson(rows))
  }
  await lake.run({ runId: `day-${day}`, nowMs: NOW + day * 86_400_000, select: Object.keys(bad) })
}

function report(options: Partial<QualityOptions> = {}): Promise<QualityReport> {
  return qualityReport(lake.project, { dataset: 'ticks', runs: 10, failed: false, ...options })
}

describe('the quality of a lake', () => {
  it('is told to be unknown while no run has booked figures, and by a project that books none', async () => {
    expect(await report()).toEqual({ figures: [], total: 0, neverAsked: [], neverRun: ['ticks'] })
    const { project } = lake.with({ contracts: [ticks()] })
    await expect(qualityReport(project, { runs: 1, failed: false })).rejects.toMatchObject({
      code: 'SLUICE_CONTRACT_UNKNOWN',
      message: expect.stringContaining('no contract data_quality_metrics'),
      next: expect.stringContaining('sluice init'),
    })
    await expect(report({ dataset: 'tick' })).rejects.toThrow('Did you mean "ticks"?')
  })

  describe('after runs', () => {
    beforeAll(async () => {
      await run(1, { one: 0, two: 0 })
      await run(2, { one: 1, two: 0 })
      await run(3, { one: 4 })
    })

    it('has the newest run of each pipe, the worst first, with the trend of its last runs', async () => {
      const { figures } = await report()
      const gates = figures.filter(({ rule }) => rule === '*')
      expect(
        gates.map(({ pipe, run, failed, verdict, gate, trend }) => [pipe, run, failed, verdict, gate, trend]),
      ).toEqual([
        ['', 'day-3', 4, 'fail', 'fail', [0, 0.05, 0.4]],
        ['one', 'day-3', 4, 'fail', 'fail', [0, 0.1, 0.4]],
        ['two', 'day-2', 0, 'pass', 'pass', [0, 0]],
      ])
      expect(gates[0]).toMatchObject({ allowed: 'at most 30 %', at: '2026-02-04T00:00:00Z', share: 0.4, kind: 'gate' })
      const order = figures.map(({ verdict }) => verdict)
      expect(order).toEqual([...order].sort((a, b) => WORST.indexOf(a) - WORST.indexOf(b)))
    })

    it('has the figure of a check with what it must do', async () => {
      const { figures } = await report({ runs: 2 })
      expect(figures.find(({ rule }) => rule === 'mean')).toMatchObject({
        ...{ pipe: '', kind: 'check', value: 5, unit: 'rows', verdict: 'pass', trend: [5, 5] },
        allowed: 'must be less than 1000',
      })
      expect(figures.find(({ rule }) => rule === 'far_away')).toMatchObject({ value: null, trend: [null, null] })
    })

    it('names what was never asked and what never ran', async () => {
      const all = await qualityReport(lake.project, { runs: 1, failed: false })
      expect([all.neverAsked, all.neverRun]).toEqual([[{ dataset: 'ticks', rules: ['far_away'] }], ['idle']])
    })

    it('is cut to what fails, to the worst, and to what one pipe does not say twice', async () => {
      const failing = await report({ failed: true })
      expect(failing.figures.map(({ pipe, rule }) => [pipe, rule])).toEqual([
        ['', '*'],
        ['one', '*'],
      ])
      const { figures, total } = await report({ limit: 3 })
      expect([figures.length, total]).toEqual([3, (await report()).figures.length])
      const noEchoes = await report({ failed: true, withoutEchoes: true })
      expect(noEchoes.figures).toHaveLength(2)
    })

    it('is read from a lake whose figures are older than the contract', async () => {
      const now = folder.project.contracts.find(({ dataset }) => dataset === 'data_quality_metrics')!
      const since = now.columns.findIndex(({ name }) => name === 'kind')
      const rules = now.rules.filter(({ id }) => id !== 'rule_verdict_known')
      const older = { ...now, columns: now.columns.slice(0, since), rules }
      const old = folder.lake({ models: [], contracts: [ticks({ maxShare: 0.3 }), older], pipes: lake.project.pipes })
      await old.run({ select: ['one'] })
      for (const contracts of [[ticks(), older], [ticks(), now], [ticks()]]) {
        const { figures } = await qualityReport({ ...old.project, contracts }, { runs: 1, failed: true })
        expect(figures.map(({ pipe, rule, verdict, kind }) => [pipe, rule, verdict, kind])).toEqual([
          ['', '*', 'fail', 'gate'],
          ['one', '*', 'fail', 'gate'],
        ])
      }
    })
  })
})

const WORST = ['fail', 'warn', 'unchecked', 'pass']
