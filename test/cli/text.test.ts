import { describe, expect, it } from 'vitest'
import { commandText, shellWord } from '../../src/cli/command-text.js'
import { bytesText, plural, secondsText } from '../../src/cli/figures.js'
import { oneLine } from '../../src/cli/one-line.js'
import { progressOn } from '../../src/cli/progress.js'
import { renderError, renderErrorJson, renderTrace } from '../../src/cli/render-error.js'
import { cellText, rowsText } from '../../src/cli/render-rows.js'
import { renderSteps } from '../../src/cli/render-steps.js'
import { renderTable, renderTables } from '../../src/cli/render-tables.js'
import { SluiceError } from '../../src/core/errors.js'
import { fakeTerminal } from '../support/fake-terminal.js'

const look = fakeTerminal()

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 KB'],
    [1549, '1.5 KB'],
    [999_499, '999 KB'],
    [999_500, '1 MB'],
    [735_000_000, '735 MB'],
    [5e15, '5 PB'],
    [5e18, '5000 PB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text)
  })

  it.each([
    [0, '0.00 s'],
    [9.994, '9.99 s'],
    [12.34, '12.3 s'],
    [59.96, '1 min 00 s'],
    [125, '2 min 05 s'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(secondsText(seconds)).toBe(text)
  })

  it('counts one row as a row', () => {
    expect([plural(0, 'row'), plural(1, 'row'), plural(1234, 'row')]).toEqual(['0 rows', '1 row', '1,234 rows'])
  })
})

describe('commands to copy', () => {
  it('quotes only what the shell would break', () => {
    expect(shellWord('data/a-b_1.csv')).toBe('data/a-b_1.csv')
    expect(shellWord("it's")).toBe(`'it'\\''s'`)
    expect(shellWord('')).toBe("''")
  })

  it('puts SQL in double quotes unless the shell would read it there', () => {
    expect(commandText(['query', 'SELECT * FROM x'], undefined)).toBe('npx sluice query "SELECT * FROM x"')
    expect(commandText(['query', 'SELECT "a" FROM $x'], undefined)).toBe(`npx sluice query 'SELECT "a" FROM $x'`)
  })
})

describe('errors', () => {
  const error = new SluiceError('SLUICE_CONFIG_INVALID', 'unknown key `lakes`', {
    place: { file: 'sluice.yaml', line: 2, column: 1 },
  })

  it('are code, message, place and next step for people', () => {
    expect(renderError(error, look.colors)).toBe(
      'error SLUICE_CONFIG_INVALID: unknown key `lakes`\n  at sluice.yaml:2:1\nnext: Correct sluice.yaml, the environment variable or the flag, then run `sluice validate`.\n',
    )
  })

  it('list every problem when there are several', () => {
    const several = new SluiceError('SLUICE_CONFIG_INVALID', 'x (and 1 more)', { problems: ['a:1:1: x', 'a:2:1: y'] })
    expect(renderError(several, look.colors)).toContain('  a:1:1: x\n  a:2:1: y\n')
  })

  it('are one JSON document for machines', () => {
    expect(JSON.parse(renderErrorJson(error)).error).toMatchObject({
      code: 'SLUICE_CONFIG_INVALID',
      kind: 'invalid',
      place: 'sluice.yaml:2:1',
    })
  })

  it('show a trace only for bugs of our own', () => {
    expect(renderTrace(error)).toBe('')
    expect(renderTrace(new TypeError('x is not a function'))).toContain('TypeError: x is not a function')
  })
})

describe('rows of a query', () => {
  it('keep decimals to the last digit and leave nulls empty', () => {
    const columns = [
      { name: 'price', type: 'DECIMAL(38,18)' },
      { name: 'note', type: 'VARCHAR' },
    ]
    const rows = [
      { price: '12345678901234567890.123456789012345678', note: null },
      { price: '1', note: 'x' },
    ]
    expect(rowsText({ columns, rows, more: false }, look).split('\n').slice(1)).toEqual([
      '12345678901234567890.123456789012345678',
      '                                      1  x',
    ])
  })

  it('shorten doubles only where asked to, and never whole numbers', () => {
    expect(cellText(0.123456789)).toBe('0.123456789')
    expect(cellText(0.123456789, 4)).toBe('0.1235')
    expect(cellText(123456789, 4)).toBe('123456789')
    expect(cellText([1, 'a'])).toBe('[1,"a"]')
  })

  it('cannot move the cursor or clear the screen', () => {
    expect(oneLine('a\u001b[2Jb\r\nc\u009bd')).toBe('a\\x1b[2Jb\\x0d\\nc\\x9bd')
    const rows = [{ note: '\u001b]0;owned\u0007' }]
    const result = { columns: [{ name: 'note', type: 'VARCHAR' }], rows, more: false }
    expect(rowsText(result, look)).not.toContain('\u001b')
  })
})

describe('tables', () => {
  const summary = {
    table: 'silver.bars',
    contractVersion: 'v1',
    rows: 1000,
    files: 2,
    bytes: 5000,
    snapshots: 1,
    updatedAt: '2026-11-22T12:00:00.000Z',
    location: 'silver/bars/contract_version=v1',
  }

  it('say what to do when there are none', () => {
    expect(renderTables([], look)).toContain('npx sluice run')
  })

  it('stand one on a line', () => {
    expect(renderTables([summary], look).split('\n')[1]).toMatch(/^silver\.bars +v1 +1,000 +2 +5 KB +1 +2026-11-22T12/)
  })

  it('show columns, partitions, the newest snapshot first, and files when there are any', () => {
    const snapshot = (id: string) => ({ id, at: 't', operation: 'append', run: 'r', rowsAdded: 1, totalRows: 1 })
    const text = renderTable(
      {
        ...summary,
        columns: [{ id: 1, name: 'close', type: 'decimal(38, 18)', doc: 'Last price.' }],
        partitionedBy: 'day(event_time)',
        partitions: [{ partition: 'event_time_day=2026-01-01', files: 2, rows: 1000, bytes: 5000 }],
        snapshotLog: [snapshot('111'), snapshot('222')],
        dataFiles: [{ path: 'silver/bars/a.parquet', partition: '', rows: 1000, bytes: 5000 }],
      },
      look,
    )
    expect(text).toContain('Partitions by day(event_time)')
    expect(text).toMatch(/1 +close +decimal\(38, 18\) +Last price\./)
    expect(text.indexOf('222')).toBeLessThan(text.indexOf('111'))
    expect(text).toContain('silver/bars/a.parquet')
  })
})

describe('steps of a run', () => {
  it('say where the time went', () => {
    const steps = [{ step: 'land', detail: 'bars', seconds: 0.5, cpu_seconds: 0.75, rows: 5 }]
    expect(renderSteps(steps, look)).toMatch(/land +bars +█{32} +0\.50 s +0\.75 s +5\n/)
  })
})

describe('progress', () => {
  const clockAt = (...readings: number[]) => ({ now: () => 0, monotonicMs: () => readings.shift() ?? 0 })

  it('is one rewritten line on a terminal, and silent for the first second', () => {
    const terminal = fakeTerminal({ interactive: true })
    const progress = progressOn(terminal, clockAt(0, 500, 1500, 1501))
    progress.report({ step: 'fetch', detail: 'a' })
    expect(terminal.err()).toBe('')
    progress.report({ step: 'land', detail: 'bars', done: 50, total: 200 })
    progress.report({ step: 'land', detail: 'bars', done: 51, total: 200 })
    progress.close()
    expect(terminal.err()).toBe('\r\u001b[2Kland bars: 50 of 200 (25 %)\r\u001b[2K')
  })

  it('leaves no trace of work that took less than a second', () => {
    const terminal = fakeTerminal({ interactive: true })
    const progress = progressOn(terminal, clockAt(0, 500))
    progress.report({ step: 'fetch', detail: 'a' })
    progress.close()
    expect(terminal.err()).toBe('')
  })

  it('is a plain line per step elsewhere', () => {
    const terminal = fakeTerminal()
    const progress = progressOn(terminal, clockAt(0))
    progress.report({ step: 'land', detail: 'bars', done: 1 })
    progress.report({ step: 'land', detail: 'bars', done: 2 })
    progress.report({ step: 'publish', detail: 'bars' })
    progress.close()
    expect(terminal.err()).toBe('land bars\npublish bars\n')
  })
})
