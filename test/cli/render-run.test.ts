import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conservation, type RunView, renderRun } from '../../src/cli/render-run.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { pipeRecord, runRecord, tableRecord } from '../support/run-records.js'

const look = fakeTerminal()

function report(record: Parameters<typeof runRecord>[0], parts: Partial<RunView> = {}): string {
  return renderRun({ record: runRecord(record), risk: undefined, lake: '/lake', project: undefined, ...parts }, look)
}

describe('conservation', () => {
  it('prints the sum of all pipes as an equation', () => {
    const pipes = [
      pipeRecord({ in: 1200, accepted: 1000, duplicate: 100, quarantined: 60, held: 30, not_final: 10 }),
      pipeRecord({ in: 5, accepted: 5 }),
    ]
    expect(conservation(pipes)).toEqual({
      holds: true,
      text: '1,205 in = 1,005 accepted + 100 duplicate + 60 quarantined + 30 held + 10 not final',
    })
  })

  it('holds exactly when it holds for every pipe: faults do not cancel out', () => {
    const count = fc.nat(1000)
    fc.assert(
      fc.property(count, count, count, count, count, fc.integer({ min: -5, max: 5 }), (a, d, q, h, n, off) => {
        const outcomes = { accepted: a, duplicate: d, quarantined: q, held: h, not_final: n }
        const total = a + d + q + h + n
        const pipes = [pipeRecord({ ...outcomes, in: total + off }), pipeRecord({ ...outcomes, in: total - off })]
        expect(conservation(pipes).holds).toBe(off === 0)
      }),
    )
  })
})

describe('renderRun', () => {
  it('tells what arrived, what was rejected and why, and where the files are', () => {
    const text = report({
      pipes: [pipeRecord({ in: 12, accepted: 10, quarantined: 2, rules: { close_positive: 2, known_instrument: 1 } })],
      tables: [
        tableRecord({
          files: [
            { path: 'silver/bars/contract_version=v1/year=2026/month=01/a.parquet', rows: 5, bytes: 1, sha256: '' },
            { path: 'silver/bars/contract_version=v1/year=2026/month=02/b.parquet', rows: 5, bytes: 1, sha256: '' },
          ],
        }),
      ],
    })
    expect(text).toContain('12 in = 10 accepted + 0 duplicate + 2 quarantined + 0 held + 0 not final  adds up')
    expect(text).toMatch(/bars +close_positive +2\n/)
    expect(text).toMatch(/bars +known_instrument +1\n/)
    expect(text).toMatch(/silver\.bars +10 +2 +2 KB +silver\/bars\/contract_version=v1\/year=2026\/\n/)
    expect(text).toContain('lake /lake, 1 table written, 12 KB')
  })

  it('says it loudly when rows are unaccounted for', () => {
    expect(report({ pipes: [pipeRecord({ in: 3, accepted: 2 })] })).toContain('DOES NOT ADD UP')
  })

  it('shows risk without system columns, with four significant digits of floats and all digits of decimals', () => {
    const columns = [
      { name: 'instrument_id', type: 'VARCHAR' },
      { name: 'close', type: 'DECIMAL(38,18)' },
      { name: 'sharpe', type: 'DOUBLE' },
      { name: '_known_at', type: 'VARCHAR' },
    ]
    const rows = [{ instrument_id: 'fx:ecb:EURUSD', close: '100.500', sharpe: 1.23456789, _known_at: 'x' }]
    const text = report({}, { risk: { columns, rows, more: false } })
    expect(text).toMatch(/fx:ecb:EURUSD +100\.5 +1\.235\n/)
    expect(text).not.toContain('_known_at')
  })

  it('gives three commands to try, that name the project and the bad rows', () => {
    const record = { pipes: [pipeRecord({ in: 1, quarantined: 1 })] }
    const text = report(record, { risk: { columns: [], rows: [], more: false }, project: 'my demo' })
    expect(text.slice(text.indexOf('Next'))).toBe(
      [
        'Next',
        '  npx sluice query "SELECT * FROM gold.risk_summary ORDER BY date DESC LIMIT 10" --project "my demo"',
        '  npx sluice query "SELECT * FROM quarantine.bars LIMIT 10" --project "my demo"',
        '  npx sluice tables --project "my demo"',
        '',
      ].join('\n'),
    )
  })

  it('says in one line what could not be delivered, and nothing when all was', () => {
    const why = 'webhook: HTTP 500'
    expect(report({ events: { sent: 1, failed: 2, why } })).toContain(
      `\n2 of 3 events could not be delivered: ${why}\n`,
    )
    expect(report({ events: { sent: 0, failed: 0, why: 'the lake is full' } })).toContain('\nEvents could not be')
    expect(report({ events: { sent: 3, failed: 0 } })).not.toContain('delivered')
  })

  it('names the broken rule of a held run and says that nothing was published', () => {
    const text = report({
      status: 'held',
      pipes: [pipeRecord({ in: 4, held: 4 })],
      datasets: [
        {
          dataset: 'bars',
          verdict: 'fail',
          breach_allowed: false,
          findings: [{ rule: '*', severity: 'error', text: '3 of 4 rows in error (75 %); allowed: at most 5 %' }],
        },
      ],
    })
    expect(text).toContain('nothing was published')
    expect(text).toContain('fail  bars: 3 of 4 rows in error (75 %); allowed: at most 5 %')
  })

  it('names each failing pipe with its own figures, and what only all pipes together broke', () => {
    const finding = (text: string, rule = '*', severity = 'error') => ({ rule, severity, text })
    const gates = report({
      status: 'partial',
      pipes: [
        pipeRecord({ pipe: 'good', in: 21, accepted: 21, verdict: 'pass' }),
        pipeRecord({ pipe: 'odd', verdict: 'warn', findings: [finding('mean is 2', 'mean', 'warn')] }),
        pipeRecord({ pipe: 'bad', verdict: 'fail', findings: [finding('45 of 45 rows in error (100 %)')] }),
        pipeRecord({ pipe: 'worse', verdict: 'fail', findings: [finding('9 of 10 rows in error (90 %)')] }),
      ],
      datasets: [
        {
          ...{ dataset: 'bars', verdict: 'fail', breach_allowed: false },
          findings: [finding('54 of 76 rows in error (71 %)'), finding('enough is 2', 'enough')],
        },
      ],
    })
    expect(gates.slice(gates.indexOf('Gates'), gates.indexOf('Next')).trim().split('\n')).toEqual([
      'Gates',
      'fail  bars from bad: 45 of 45 rows in error (100 %)',
      'fail  bars from worse: 9 of 10 rows in error (90 %)',
      'fail  bars: enough is 2',
      'warn  bars from odd: mean is 2',
    ])
  })

  it('names the first twenty failing pipes and how many more there are', () => {
    const findings = [{ rule: '*', severity: 'error', text: 'too many' }]
    const failing = Array.from({ length: 1021 }, (_, at) => pipeRecord({ pipe: `p${at}`, verdict: 'fail', findings }))
    const text = report({ status: 'held', pipes: failing })
    expect(text.match(/^fail {2}/gm)).toHaveLength(20)
    expect(text).toContain('… and 1,001 more pipes (--output json has all)')
  })

  it('marks a breach that was allowed and a run that was done before', () => {
    const findings = [{ rule: '*', severity: 'error', text: 'too many' }]
    const text = report({
      repeated: true,
      datasets: [{ dataset: 'bars', verdict: 'fail', breach_allowed: true, findings }],
    })
    expect(text).toContain('(published: --allow-dq-breach)')
    expect(text).toContain('nothing was written now')
  })

  it('lists what a dry run would read', () => {
    const input = { pipe: 'p', capture_id: '', name: 'a.csv', sha256: '', bytes: 1500, capture: 'copy' as const }
    const text = report({ status: 'planned', inputs: [input] })
    expect(text).toContain('dry run: nothing was written')
    expect(text).toMatch(/p +a\.csv +1\.5 KB/)
  })

  it('cuts a thousand pipes to the twenty that need a look', () => {
    const quiet = Array.from({ length: 1000 }, (_, at) => pipeRecord({ pipe: `p${at}`, in: 1, accepted: 1 }))
    const text = report({ pipes: [...quiet, pipeRecord({ pipe: 'troubled', in: 1, quarantined: 1 })] })
    expect(text).toContain('troubled')
    expect(text).toContain('… and 981 more')
    expect(text.split('\n').length).toBeLessThan(50)
  })

  it('prints a run with nothing in it', () => {
    expect(report({ status: 'nothing_due' })).toMatch(/^Run demo-001 {2}nothing to do/)
  })
})

describe('what providers did not answer', () => {
  const source = {
    pipe: 'nbp-a',
    source: 'nbp.rates',
    provider: 'nbp',
    intervals: [],
    requests: 1,
    bytes: 0,
    repeated: 0,
    state: 'answered' as const,
  }

  it('is told with why and when again, the failures first; what went well is not', () => {
    const text = report({
      status: 'partial',
      sources: [
        source,
        { ...source, pipe: 'x', state: 'leased', why: 'the run r2 has this pipe now' },
        { ...source, pipe: 'y', state: 'not finished', meaning: 'not_finished', why: 'the time was up' },
        {
          ...source,
          pipe: 'z',
          state: 'failed',
          meaning: 'blocked',
          why: 'a page',
          again_at: '2026-02-01T00:00:00.000Z',
        },
      ],
    })
    const part = text.slice(text.indexOf('What providers'), text.indexOf('Next'))
    expect(part.trim().split('\n').slice(2)).toEqual([
      'z     failed        blocked: a page               2026-02-01T00:00:00Z',
      'y     not finished  the time was up               next run',
      'x     leased        the run r2 has this pipe now  next run',
    ])
    expect(text).toMatch(/Next\n {2}npx sluice pipes\n/)
  })

  it('is told of a pipe that another run took, because the lease ran out before the run was done', () => {
    const lost = { ...source, lease_lost_at: '2026-02-01T00:00:00.000Z' }
    const all = Array.from({ length: 7 }, (_, at) => ({ ...lost, pipe: `p${at}` }))
    expect(report({ sources: [lost, source] })).toContain(
      `its lease ran out at 2026-02-01T00:00:00Z, and another run took ${source.pipe}.\n`,
    )
    expect(report({ sources: all })).toContain('took p0, p1, p2, p3, p4 and 2 more.')
    expect(report({ sources: [source] })).not.toContain('lease')
  })

  it('is left out when all went well, and cut after 20', () => {
    expect(report({ sources: [source] })).not.toContain('What providers')
    const failed = Array.from({ length: 23 }, (_, at) => ({ ...source, pipe: `p${at}`, state: 'failed' as const }))
    expect(report({ sources: failed })).toContain('p19 ')
    expect(report({ sources: failed })).toContain('… and 3 more (--output json has all)')
  })
})
