import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { castSql, typedCastSql } from '../../src/contract/compile-cast.js'
import type { Column, ColumnType } from '../../src/contract/contract.js'
import { type DuckDbConnection, evaluate, testDuckDb } from '../support/duckdb.js'

function column(type: ColumnType, format?: string): Column {
  return {
    name: 'x',
    type,
    required: false,
    description: '',
    unit: undefined,
    renamedFrom: undefined,
    format,
    examples: [],
  }
}

const KINDS = ['string', 'boolean', 'integer', 'double', 'date', 'timestamp', 'json'] as const

describe('castSql', () => {
  let duckdb: DuckDbConnection
  const cast = (texts: (string | null)[], kind: Exclude<ColumnType['kind'], 'decimal'>, format?: string) =>
    evaluate(duckdb, castSql(column({ kind }, format), 'x'), texts)
  beforeAll(async () => {
    duckdb = await testDuckDb()
  })
  afterAll(() => duckdb.close())

  it('reads ISO 8601 times in any usual form as UTC', async () => {
    const texts = {
      '2026-11-22T09:30:00Z': '2026-11-22 09:30:00+00',
      '2026-11-22T09:30:00.5Z': '2026-11-22 09:30:00.5+00',
      '2026-11-22 09:30:00': '2026-11-22 09:30:00+00',
      '2026-11-22T09:30:00.123456': '2026-11-22 09:30:00.123456+00',
      '2026-11-22T09:30:00+01:00': '2026-11-22 08:30:00+00',
      '2026-11-22T09:30:00-0530': '2026-11-22 15:00:00+00',
      '2026-11-22T09:30+01': '2026-11-22 08:30:00+00',
      '2026-11-22T09:30Z': '2026-11-22 09:30:00+00',
      '2026-11-22': '2026-11-22 00:00:00+00',
      '1987-10-19': '1987-10-19 00:00:00+00',
    }
    expect(await cast(Object.keys(texts), 'timestamp')).toEqual(Object.values(texts))
  })

  it('cuts digits below a microsecond off, and never rounds a time up', async () => {
    const values = await cast(['2026-01-01T00:00:00.123456999Z', '2026-01-01T00:00:00.9999999Z'], 'timestamp')
    expect(values).toEqual(['2026-01-01 00:00:00.123456+00', '2026-01-01 00:00:00.999999+00'])
  })

  it.each([
    ...[
      'infinity',
      '-infinity',
      'epoch',
      'now',
      'today',
      '',
      ' ',
      '1577836800',
      '20260101',
      '2026-1-1',
      '2026-02-30',
      '01.02.2026',
    ],
    ...[
      '2026-01-01T00:00:00+99:00',
      '2026-01-01T00:00:00 Europe/Warsaw',
      '2026-01-01T00:00:00.0 NZ',
      '2026-01-01 (BC)',
      '2026-01-01T',
    ],
    ...[
      '9999-12-31T00:00:00Z',
      '0001-01-01',
      '1677-01-01',
      '2262-01-01',
      '2026-13-01T00:00:00Z',
      '2026-01-01T25:00:00Z',
      '٢٠٢٦-01-01',
    ],
  ])('takes %j for no time', async text => {
    expect(await cast([text], 'timestamp')).toEqual([null])
  })

  it('reads numbers as times only where the format says in what unit', async () => {
    expect(await cast(['1577836800', '1577836800.25', '1.5778368e9', '-1'], 'timestamp', 'epoch_s')).toEqual([
      '2020-01-01 00:00:00+00',
      '2020-01-01 00:00:00.25+00',
      '2020-01-01 00:00:00+00',
      '1969-12-31 23:59:59+00',
    ])
    expect(await cast(['1577836800000', '1577836800000.5'], 'timestamp', 'epoch_ms')).toEqual([
      '2020-01-01 00:00:00+00',
      '2020-01-01 00:00:00.0005+00',
    ])
    expect(await cast(['1577836800000001'], 'timestamp', 'epoch_us')).toEqual(['2020-01-01 00:00:00.000001+00'])
  })

  it('takes milliseconds given as seconds for no time', async () => {
    expect(await cast(['1577836800000', '99999999999999999999', '1e400', 'NaN', ''], 'timestamp', 'epoch_s')).toEqual(
      Array(5).fill(null),
    )
  })

  it('reads times and dates by a strptime format, and nothing else', async () => {
    expect(await cast(['31.12.2025 17:00', '2025-12-31', 'infinity', 'epoch'], 'timestamp', '%d.%m.%Y %H:%M')).toEqual([
      '2025-12-31 17:00:00+00',
      null,
      null,
      null,
    ])
    expect(await cast(['2025-12-31 17:00:00+0200'], 'timestamp', '%Y-%m-%d %H:%M:%S%z')).toEqual([
      '2025-12-31 15:00:00+00',
    ])
    expect(await cast(['31.12.2025', '32.12.2025', 'infinity'], 'date', '%d.%m.%Y')).toEqual(['2025-12-31', null, null])
  })

  it('reads a date only as a date', async () => {
    const texts = ['2024-02-29', '2025-02-29', '2025-1-1', '2025-01-01T00:00:00Z', 'infinity', '']
    expect(await cast(texts, 'date')).toEqual(['2024-02-29', null, null, null, null, null])
  })

  it('reads whole numbers however they are written, inside 64 bits', async () => {
    const texts = [
      '7',
      '+7',
      '7.0',
      '7e2',
      '9223372036854775807',
      '-9223372036854775808',
      '9223372036854775808',
      '7.5',
      '7_0',
      '0x7',
    ]
    expect(await cast(texts, 'integer')).toEqual([
      '7',
      '7',
      '7',
      '700',
      '9223372036854775807',
      '-9223372036854775808',
      null,
      null,
      null,
      null,
    ])
  })

  it('reads doubles, never NaN or an infinity', async () => {
    expect(await cast(['0.1', '-1e-5', '1e400', '-1e400', 'NaN', 'inf', 'Infinity', ''], 'double')).toEqual([
      0.1,
      -1e-5,
      ...Array(6).fill(null),
    ])
  })

  it('reads true and false, and none of their many stand-ins', async () => {
    expect(await cast(['true', 'FALSE', '1', '0', 't', 'yes', ''], 'boolean')).toEqual([
      true,
      false,
      ...Array(5).fill(null),
    ])
  })

  it('leaves texts as they are', async () => {
    expect(await cast([' a ', '', 'NULL', '[1,2]', null], 'string')).toEqual([' a ', '', 'NULL', '[1,2]', null])
    expect(await cast(['{"a": 1}'], 'json')).toEqual(['{"a": 1}'])
  })

  it.each(KINDS)('never raises for any text as %s', async kind => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.date().map(date => (Number.isNaN(+date) ? '' : date.toISOString())),
    )
    const texts = fc.array(
      text.filter(value => !value.includes('\0')),
      { minLength: 200, maxLength: 200 },
    )
    const formats =
      kind === 'timestamp' || kind === 'date' ? [undefined, 'epoch_s', 'epoch_us', '%Y-%m-%d'] : [undefined]
    for (const format of formats) {
      await fc.assert(
        fc.asyncProperty(texts, async batch => {
          expect(await cast(batch, kind, format)).toHaveLength(batch.length)
        }),
        { numRuns: 3 },
      )
    }
  })

  it('reads every instant that it wrote', async () => {
    const times = fc.date({ min: new Date('1700-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
    await fc.assert(
      fc.asyncProperty(fc.array(times, { minLength: 50, maxLength: 50 }), async dates => {
        const values = await evaluate(
          duckdb,
          `epoch_ms(${castSql(column({ kind: 'timestamp' }), 'x')})`,
          dates.map(date => date.toISOString()),
        )
        expect(values.map(Number)).toEqual(dates.map(date => date.getTime()))
      }),
      { numRuns: 10 },
    )
  })

  it('casts typed values without raising and drops what is no number', async () => {
    const double = column({ kind: 'double' })
    expect(await evaluate(duckdb, typedCastSql(double, 'x::DOUBLE', 'DOUBLE'), ['NaN', 'inf', '1.5'])).toEqual([
      null,
      null,
      1.5,
    ])
    const narrow = column({ kind: 'decimal', precision: 4, scale: 2 })
    expect(await evaluate(duckdb, typedCastSql(narrow, 'x::DOUBLE', 'DECIMAL(4, 2)'), ['1e9', '1.25'])).toEqual([
      null,
      '1.25',
    ])
  })
})
