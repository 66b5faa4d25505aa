import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layoutOf } from '../../src/sources/file/csv-layout.js'
import { examineCsv, mendCsv } from '../../src/sources/file/mend-csv.js'
import type { Dialect } from '../../src/sources/pipe.js'

const DIALECT: Dialect = {
  format: 'csv',
  encoding: undefined,
  delimiter: undefined,
  quote: undefined,
  decimalComma: false,
  header: true,
  columns: undefined,
  skipLines: 0,
  missing: [],
  dateFormat: undefined,
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-csv-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What is left of a text: its good records, and its bad lines with their numbers. */
async function mended(text: string, dialect: Partial<Dialect> = {}) {
  const [path, good, bad] = ['in', 'good', 'bad'].map(name => join(folder, name)) as [string, string, string]
  writeFileSync(path, text)
  const layout = layoutOf(Buffer.from(text), true, { ...DIALECT, ...dialect }, path)!
  const state = await examineCsv(path, layout)
  const longestBad = await mendCsv(path, layout, good, bad)
  const rejected = readFileSync(bad, 'utf8').split('\n').filter(Boolean)
  return {
    state,
    longestBad,
    good: readFileSync(good, 'utf8'),
    bad: rejected.map(line => JSON.parse(line) as { line: number; raw: string }),
  }
}

const cell = fc.oneof(
  fc.stringMatching(/^[a-z0-9.-]{1,6}$/),
  fc
    .oneof(fc.stringMatching(/^[a-z,;" ]{0,8}$/), fc.stringMatching(/^[a-z;" \n]{0,8}$/))
    .map(text => `"${text.replaceAll('"', '""')}"`),
)
const record = fc.tuple(cell, cell, cell).map(cells => cells.join(','))
/** Lines that hold a quote that nothing closes on its own line, or cells too many or too few. */
const bad = fc.constantFrom('x,"y,z', '"x"y,b,c', 'a,b', 'a,b,c,d', '"a,b,c')

describe('a CSV that is mended', () => {
  it('keeps every record of a sound text as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async records => {
        const text = records.map(line => `${line}\n`).join('')
        const found = await mended(`a,b,c\n${text}`)
        expect(found.state).toEqual({ sound: true, hasRecords: true })
        expect([found.good, found.bad]).toEqual([text, []])
      }),
      { numRuns: 60 },
    )
  })

  it('loses no line that stands between bad ones', async () => {
    const plain = fc.tuple(fc.nat(), fc.nat(), fc.nat()).map(numbers => numbers.join(','))
    const line = fc.oneof(
      plain.map(text => ({ text, isBad: false })),
      bad.map(text => ({ text, isBad: true })),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 30 }),
        fc.constantFrom('\n', '\r\n'),
        async (lines, end) => {
          const found = await mended(`a,b,c${end}${lines.map(({ text }) => text + end).join('')}`)
          const kept = found.good.split('\n').filter(Boolean)
          for (const { text, isBad } of lines) if (!isBad) expect(kept).toContain(text)
          const told = found.bad.map(({ line: number, raw }) => [number, raw])
          const due = lines.flatMap(({ text, isBad }, at) => (isBad ? [[at + 2, text]] : []))
          for (const row of told) expect(due).toContainEqual(row)
          expect(kept.length + told.length).toBeLessThanOrEqual(lines.length)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('a CSV that DuckDB would lose rows of', () => {
  const many = Array.from({ length: 5000 }, (_, at) => `${at},x,y`)
  it.each([
    ['an opening quote that nothing closes', [...many.slice(0, 100), '7,"x,y', ...many.slice(100)]],
    ['a quote that another line closes by chance', [...many, '7,"x,y', ...many, '8,"q,r",z', ...many]],
    ['a quote that a further stray one closes', [...many, '7,"x,y', ...many, '8,x",y', ...many]],
    ['a lone quote twice, each in the last cell', [...many, '7,x,"y', ...many, 'x,y,"']],
    ['an opening quote in the last line', [...many, '7,x,"y']],
    ['text after a closing quote', [...many, '7,"x"y,z', ...many]],
  ])('keeps all lines but the bad one: %s', async (_, lines) => {
    const found = await mended(`a,b,c\n${lines.join('\n')}\n`)
    expect(found.state.sound).toBe(false)
    expect(found.bad.length).toBeGreaterThan(0)
    const sevens = lines.filter(line => line.startsWith('7,"x') || line === '7,x,"y')
    expect(found.bad.map(({ raw }) => raw)).toEqual(expect.arrayContaining(sevens))
    expect(found.good.split('\n').length - 1 + found.bad.length).toBe(lines.length)
  })

  it('keeps the whole text of a long bad line, and its number', async () => {
    const long = `1,"${'é'.repeat(3 << 20)}`
    const found = await mended(`a,b,c\n0,0,0\n${long}\n2,2,2\n`)
    expect(found.bad).toEqual([{ line: 3, raw: long }])
    expect(found.good).toBe('0,0,0\n2,2,2\n')
    expect(found.longestBad).toBeGreaterThan(6 << 20)
  })

  it.each([
    ['newlines of both kinds', 'a,b,c\r\n1,2,3\r\n4,5,6\n'],
    ['newlines of both kinds, the other way', 'a,b,c\n1,2,3\n4,5,6\r\n'],
    ['a return too many', 'a,b,c\n1,2,3\r\r\n4,5,6\r\r\n'],
    ['blank lines first', '\n\r\na,b,c\n1,2,3\n4,5,6'],
  ])('is read with %s', async (_, text) => {
    const found = await mended(text)
    expect(found.state.sound).toBe(false)
    expect([found.good, found.bad]).toEqual(['1,2,3\n4,5,6\n', []])
  })

  it('quarantines a line with a return inside', async () => {
    expect((await mended('a,b,c\n1,2\r,3\n4,5,6\n')).bad).toEqual([{ line: 2, raw: '1,2\r,3' }])
  })
})

describe('the layout of a CSV', () => {
  it.each([
    [',', 'a,b,c\n'],
    [';', 'a;"b,b";c\n'],
    ['\t', 'a\tb\tc'],
    ['|', 'a|b,b|c\n'],
    [',', 'a\n'],
  ])('has the delimiter %j, as the first line shows', (delimiter, text) => {
    expect(layoutOf(Buffer.from(text), true, DIALECT, 'x.csv')?.shape.delimiter.toString()).toBe(delimiter)
  })

  it('asks for more bytes where the header does not end', () => {
    expect(layoutOf(Buffer.from('a,b'), false, DIALECT, 'x.csv')).toBeUndefined()
  })
})
