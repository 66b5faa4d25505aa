import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderQuality, sparkline } from '../../src/cli/render-quality.js'
import type { QualityFigure } from '../../src/pipeline/quality/quality-report.js'
import { type AskingProject, askingProject } from '../support/asking-project.js'
import { fakeTerminal } from '../support/fake-terminal.js'

let project: AskingProject
beforeAll(async () => {
  project = await askingProject('http://127.0.0.1:9', '  - { name: bars, source: sample.bars, contract: bars }\n')
})
afterAll(() => project.remove())

describe('sluice quality', () => {
  it('says what to do while there is nothing to show, then shows the worst first and what was never checked', async () => {
    expect((await project.sluice('quality', 'bars')).out).toContain(
      'No run has booked figures yet. Next: npx sluice run',
    )
    await project.sluice('run', '--run-id', 'r1')
    const { code, out } = await project.sluice('quality')
    expect(code).toBe(0)
    expect(out).toMatch(/bars +bars +\* +warn +7 +4,81\d +0\.14\d % +at most 5 % +█ +r1\n/)
    expect(out.indexOf(' warn ')).toBeLessThan(out.indexOf(' pass '))
    expect(out).toMatch(/Never checked\n(.*\n)*in no run yet: corporate_actions, .*macro_vintages/)
    expect((await project.sluice('quality', 'bars', '--failed')).out).toContain('No rule fails in the newest runs.\n')
    expect(await project.json('quality', 'bars')).toMatchObject({ neverRun: [], total: expect.any(Number) })
  })

  it.each(['0', 'x', '1001', '-1'])('refuses --runs %s', async runs => {
    const { code, err } = await project.sluice('quality', `--runs=${runs}`)
    expect([code, err]).toEqual([2, expect.stringContaining('--runs is a whole number from 1 to 1000')])
  })
})

describe('a trend', () => {
  it('is a bar for each run, up to the largest, and a dot where there was no figure', () => {
    expect(sparkline([0, 0.05, null, 0.1])).toBe('▁▅·█')
    expect(sparkline([0, 0, 0])).toBe('▁▁▁')
    expect(sparkline([-4, 2])).toBe('█▅')
    expect(sparkline([])).toBe('')
  })
})

describe('the page of figures', () => {
  it('says how many it leaves out', () => {
    const figure: QualityFigure = {
      ...{ dataset: 'bars', pipe: 'p', rule: 'mean', kind: 'check', severity: 'warn', run: 'r1', at: '', rows: 5 },
      ...{ failed: 0, share: 0, value: 12.5, unit: 'percent', allowed: 'must be less than 5 %', verdict: 'warn' },
      ...{ gate: 'warn', released_by: null, trend: [1, null, 12.5] },
    }
    const report = { figures: [figure], total: 1234, neverAsked: [{ dataset: 'bars', rules: ['far'] }], neverRun: [] }
    const lines = renderQuality(report, { dataset: undefined, failed: false }, fakeTerminal()).split('\n')
    expect(lines[1]).toMatch(/^bars +p +mean +warn +5 +12\.5 % +must be less than 5 % +▂·█ +r1$/)
    expect(lines.slice(2)).toEqual([
      '… and 1,233 more (--output json has all, --failed those that fail)',
      '',
      'Never checked',
      'bars: far',
      '',
    ])
  })
})
