import { describe, expect, it } from 'vitest'
import { type BatchFigure, datasetFigures, type JudgedBatch, testIds } from '../../src/quality/batch-figures.js'
import { judge } from '../../src/quality/gate.js'
import { ticks } from '../support/contracts.js'

const CHECKED = ticks({
  quality: [
    '{ id: enough, metric: rowCount, mustBeGreaterThan: 2 }',
    '{ id: mean, type: sql, query: "SELECT avg(price) FROM {object}", mustBeBetween: [1, 9], severity: warn }',
  ],
  maxShare: 0.1,
})

function batch(pipe: string, parts: Partial<JudgedBatch> & { checks?: Record<string, number | null> } = {}) {
  const { rows = 10, inError = 0, broken = new Map(), checks = {} } = parts
  const profile = { rowsIn: rows, quarantined: inError, broken: Object.fromEntries(broken), checks }
  return { pipe, rows, inError, broken, verdict: parts.verdict ?? judge(profile, CHECKED) }
}

function found(batches: readonly JudgedBatch[]): readonly BatchFigure[] {
  return datasetFigures(CHECKED, batches).figures
}

describe('the figures of a dataset', () => {
  it('write out nothing of a pipe in which nothing happened', () => {
    const { batches, figures } = datasetFigures(CHECKED, [batch('a'), batch('b')])
    expect(batches).toEqual([
      { pipe: 'a', rows: 10, verdict: 'pass', otherwise: 'pass' },
      { pipe: 'b', rows: 10, verdict: 'pass', otherwise: 'pass' },
    ])
    expect(figures.map(({ pipe, rule, verdict }) => [pipe, rule, verdict])).toEqual([
      ['', 'enough', 'unchecked'],
      ['', 'mean', 'unchecked'],
    ])
  })

  it('say warn of a rule that rows broke within what is allowed, and fail of the limit that holds the batch', () => {
    const broken = new Map([['price_positive', 3]])
    expect(found([batch('few', { inError: 1, broken: new Map([['price_positive', 1]]) })]).slice(0, 2)).toEqual([
      { pipe: 'few', rule: 'price_positive', failed: 1, verdict: 'warn' },
      { pipe: 'few', rule: '*', failed: 1, verdict: 'warn' },
    ])
    expect(found([batch('many', { inError: 3, broken })]).slice(0, 2)).toEqual([
      { pipe: 'many', rule: 'price_positive', failed: 3, verdict: 'warn' },
      { pipe: 'many', rule: '*', failed: 3, verdict: 'fail' },
    ])
  })

  it('hold the figure of each batch check, broken or not, and say unchecked where the batch gave none', () => {
    const whole = batch('', { checks: { enough: 2, mean: null } })
    expect(found([whole])).toEqual([
      { pipe: '', rule: 'enough', failed: 0, value: 2, verdict: 'fail' },
      { pipe: '', rule: 'mean', failed: 0, verdict: 'unchecked' },
    ])
    const other = batch('', { checks: { enough: 3, mean: 12 } })
    expect(found([other]).map(({ rule, verdict }) => [rule, verdict])).toEqual([
      ['enough', 'pass'],
      ['mean', 'warn'],
    ])
  })

  it('say unchecked of every rule of a batch that a breaker held unseen, but for lines that were no records', () => {
    const finding = { rule: 'breaker', severity: 'error', failed: 0, share: 0, limit: 'none', text: 'open' } as const
    const verdict = { verdict: 'fail', findings: [finding] } as const
    const { batches, figures } = datasetFigures(CHECKED, [
      batch('shut', { verdict, inError: 1, broken: new Map([['unreadable', 1]]) }),
    ])
    expect(batches).toEqual([{ pipe: 'shut', rows: 10, verdict: 'fail', otherwise: 'unchecked' }])
    expect(figures.filter(({ pipe }) => pipe === 'shut').map(({ rule, verdict }) => [rule, verdict])).toEqual([
      ['unreadable', 'warn'],
      ['*', 'warn'],
      ['breaker', 'fail'],
    ])
  })

  it('count replaced rows without a verdict', () => {
    const latest = ticks({ mergePolicy: 'latest' })
    const { tests, figures } = datasetFigures(latest, [batch('a', { broken: new Map([['replaced', 4]]) })])
    expect(figures[0]).toEqual({ pipe: 'a', rule: 'replaced', failed: 4, verdict: 'pass' })
    expect(tests.find(({ rule }) => rule === 'replaced')).toMatchObject({ kind: 'count', everywhere: false })
  })

  it('name everything that a contract asks, with its limits', () => {
    expect(testIds(CHECKED)).toEqual([
      '*',
      'type:moment',
      'type:price',
      'required:id',
      'required:moment',
      'required:price',
      'price_positive',
      'unreadable',
      'conflict',
      'enough',
      'mean',
    ])
    expect(testIds(ticks({ mergePolicy: 'latest' }))).not.toContain('conflict')
    const { tests } = datasetFigures(CHECKED, [])
    const terms = (id: string) => tests.find(({ rule }) => rule === id)
    expect(terms('*')).toMatchObject({ kind: 'gate', maxShare: 0.1 })
    expect(terms('enough')).toMatchObject({
      operator: 'mustBeGreaterThan',
      limitLow: 2,
      unit: 'rows',
      severity: 'error',
    })
    expect(terms('enough')).not.toHaveProperty('limitHigh')
    expect(terms('mean')).toMatchObject({ operator: 'mustBeBetween', limitLow: 1, limitHigh: 9, severity: 'warn' })
  })
})
