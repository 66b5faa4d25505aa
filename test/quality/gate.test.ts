import { describe, expect, it } from 'vitest'
import type { Check, Contract, Operator, Threshold } from '../../src/contract/contract.js'
import { type BatchProfile, judge } from '../../src/quality/gate.js'
import { contractOf } from '../support/projects.js'

function contract(thresholds: readonly Threshold[], checks: readonly Check[] = []): Contract {
  return { ...contractOf('ticks', ['id']), thresholds, checks }
}

function profile(parts: Partial<BatchProfile> = {}): BatchProfile {
  return { rowsIn: 100, quarantined: 0, broken: {}, checks: {}, ...parts }
}

function threshold(rule: string, limit: { maxShare?: number; maxRows?: number }): Threshold {
  return { rule, maxShare: undefined, maxRows: undefined, ...limit }
}

function check(must: Operator, severity: 'error' | 'warn' = 'error', unit: Check['unit'] = 'rows'): Check {
  return { id: 'figure', description: '', severity, sql: 'count(*)', unit, must }
}

describe('the gate', () => {
  it.each<[string, Partial<BatchProfile>, Threshold, string | undefined]>([
    ['a share at its limit', { quarantined: 5 }, threshold('*', { maxShare: 0.05 }), undefined],
    [
      'a share above its limit',
      { quarantined: 6 },
      threshold('*', { maxShare: 0.05 }),
      '6 of 100 rows in error (6 %); allowed: at most 5 %',
    ],
    ['a count at its limit', { quarantined: 3 }, threshold('*', { maxRows: 3 }), undefined],
    [
      'a count above its limit',
      { quarantined: 4 },
      threshold('*', { maxRows: 3 }),
      '4 of 100 rows in error (4 %); allowed: at most 3 rows',
    ],
    [
      'both limits, of which one is broken',
      { quarantined: 4 },
      threshold('*', { maxRows: 3, maxShare: 0.5 }),
      '4 of 100 rows in error (4 %); allowed: at most 3 rows',
    ],
    [
      'one rule by name',
      { broken: { spread: 2 } },
      threshold('spread', { maxShare: 0.01 }),
      '2 of 100 rows break spread (2 %); allowed: at most 1 %',
    ],
    [
      'a rule that nothing broke',
      { quarantined: 50, broken: { other: 50 } },
      threshold('spread', { maxShare: 0 }),
      undefined,
    ],
    [
      'a limit of nothing',
      { quarantined: 1, rowsIn: 1_000_000 },
      threshold('*', { maxShare: 0 }),
      '1 of 1000000 rows in error (0.0001 %); allowed: at most 0 %',
    ],
    ['an empty batch', { rowsIn: 0 }, threshold('*', { maxShare: 0 }), undefined],
  ])('judges %s', (_, parts, limit, text) => {
    const verdict = judge(profile(parts), contract([limit]))
    expect(verdict.verdict).toBe(text === undefined ? 'pass' : 'fail')
    expect(verdict.findings.map(finding => finding.text)).toEqual(text === undefined ? [] : [text])
  })

  it.each<[Operator, readonly number[], readonly number[]]>([
    [{ op: 'be', value: 2 }, [2], [1, 3]],
    [{ op: 'notBe', value: 2 }, [1, 3], [2]],
    [{ op: 'beGreaterThan', value: 2 }, [2.5, 3], [2, 1]],
    [{ op: 'beGreaterOrEqualTo', value: 2 }, [2, 3], [1.9]],
    [{ op: 'beLessThan', value: 2 }, [1.9, -3], [2, 3]],
    [{ op: 'beLessOrEqualTo', value: 2 }, [2, 1], [2.1]],
    [{ op: 'beBetween', low: 1, high: 3 }, [1, 2, 3], [0.9, 3.1]],
    [{ op: 'notBeBetween', low: 1, high: 3 }, [0.9, 3.1], [1, 2, 3]],
  ])('lets a batch check pass only when its figure does what it must: %o', (must, good, bad) => {
    const verdictOf = (figure: number) => judge(profile({ checks: { figure } }), contract([], [check(must)])).verdict
    expect(good.map(verdictOf)).toEqual(good.map(() => 'pass'))
    expect(bad.map(verdictOf)).toEqual(bad.map(() => 'fail'))
  })

  it('only warns for a check of severity warn', () => {
    const verdict = judge(profile({ checks: { figure: 7 } }), contract([], [check({ op: 'be', value: 1 }, 'warn')]))
    expect(verdict).toMatchObject({
      verdict: 'warn',
      findings: [{ rule: 'figure', severity: 'warn', text: 'figure is 7; it must be 1' }],
    })
  })

  it('fails when one finding is an error, and reports all of them', () => {
    const checks = [check({ op: 'be', value: 1 }, 'warn')]
    const verdict = judge(
      profile({ quarantined: 50, checks: { figure: 7 } }),
      contract([threshold('*', { maxShare: 0.1 })], checks),
    )
    expect(verdict.verdict).toBe('fail')
    expect(verdict.findings.map(finding => finding.rule)).toEqual(['*', 'figure'])
  })

  it('says percent where a check counts in percent', () => {
    const [finding] = judge(
      profile({ checks: { figure: 12.5 } }),
      contract([], [check({ op: 'beLessThan', value: 10 }, 'error', 'percent')]),
    ).findings
    expect(finding).toMatchObject({ share: 0.125, text: 'figure is 12.5 %; it must be less than 10 %' })
  })

  it('takes no offence at a check that gave no figure', () => {
    expect(judge(profile({ checks: { figure: null } }), contract([], [check({ op: 'be', value: 1 })])).verdict).toBe(
      'pass',
    )
  })
})
