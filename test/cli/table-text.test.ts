import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { tableText } from '../../src/cli/table-text.js'
import { fakeTerminal } from '../support/fake-terminal.js'

const look = fakeTerminal()
const columns = [{ head: 'name' }, { head: 'rows', align: 'right' as const }]

describe('a table', () => {
  it('stands in columns, numbers to the right', () => {
    const text = tableText(
      columns,
      [
        ['bars', '1'],
        ['market_events', '1234'],
      ],
      look,
    )
    expect(text.split('\n')).toEqual(['name           rows', 'bars              1', 'market_events  1234'])
  })

  it('counts wide characters as the terminal shows them', () => {
    const [, first, second] = tableText(
      columns,
      [
        ['東京', '1'],
        ['abcd', '22'],
      ],
      look,
    ).split('\n')
    expect([first, second]).toEqual(['東京     1', 'abcd    22'])
  })

  it('gives a head of several lines a line each', () => {
    expect(tableText([{ head: 'var\n99' }, { head: 'n' }], [['1', '2']], look).split('\n')).toEqual([
      'var  n',
      '99',
      '1    2',
    ])
  })

  it('is the head alone without rows, and nothing without columns', () => {
    expect(tableText(columns, [], look)).toBe('name  rows')
    expect(tableText([], [], look)).toBe('')
  })

  it('has a line per row whose right edges agree, for any cells', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.integer()), { maxLength: 20 }), rows => {
        const lines = tableText(
          columns,
          rows.map(([name, count]) => [name, String(count)]),
          look,
        ).split('\n')
        expect(lines).toHaveLength(rows.length + 1)
        expect(new Set(lines.map(line => stringWidth(line))).size).toBe(1)
      }),
    )
  })
})
