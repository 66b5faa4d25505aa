import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { parseInstant } from '../../src/core/instant.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { projectFolder } from '../support/lakes.js'

const WRONG = [
  '2026-02-30',
  '2025-02-29',
  '2026-13-01',
  '2026-02-30T10:00:00Z',
  '2026-01-10T25:00:00Z',
  '2026-01-10 09:00',
  '2026-01-10T09:00:00',
  '2026-01-10T09:00:00+0100',
  '2026-1-1',
  '',
  'now',
  '1767225600',
]

describe('a time that a person writes', () => {
  it.each([
    ['2026-02-28', Date.UTC(2026, 1, 28)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2026-01-10T09:00Z', Date.UTC(2026, 0, 10, 9)],
    ['2026-01-10T09:00:30.250+02:00', Date.UTC(2026, 0, 10, 7, 0, 30, 250)],
  ])('is %s', (text, ms) => {
    expect(parseInstant(text)).toBe(ms)
  })

  it.each(WRONG)('is not "%s"', text => {
    expect(parseInstant(text)).toBeUndefined()
  })

  it('is every time that a computer writes', () => {
    const range = { min: new Date(0), max: new Date(Date.UTC(9999, 11, 31)), noInvalidDate: true }
    fc.assert(
      fc.property(fc.date(range), date => {
        expect(parseInstant(date.toISOString())).toBe(date.getTime())
      }),
    )
  })
})

describe('every option that takes a time', () => {
  const options: readonly (readonly string[])[] = [
    ['query', 'SELECT 1', '--as-known-at'],
    ['query', 'SELECT count(*) FROM silver.bars', '--as-of'],
    ['run', '--now'],
    ['plan', '--now'],
    ['plan', '--from'],
    ['run', '--from'],
    ['quarantine', 'ls', '--since'],
    ['quarantine', 'ls', '--until'],
    ['quarantine', 'replay', '--all', '--now'],
    ['breaker', 'trip', '--all', '--reason', 'x', '--now'],
    ['captures', 'ls', '--since'],
    ['sandbox', '--now'],
  ]

  it('refuses the same texts, and does nothing', async () => {
    const { folder, remove } = await projectFolder()
    try {
      for (const args of options)
        for (const text of ['2026-02-30', '2026-01-10 09:00']) {
          const terminal = fakeTerminal({ folder, env: { SLUICE_USER: 'ada' } })
          const code = await runProgram([...args, text], terminal)
          expect([args, text, code]).toEqual([args, text, 2])
          expect(terminal.err()).toContain(`"${text}"`)
        }
    } finally {
      await remove()
    }
  })
})
