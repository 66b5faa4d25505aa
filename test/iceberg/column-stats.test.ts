import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, describe, expect, it } from 'vitest'
import { type BoundValue, decodeValue } from '../../src/iceberg/bounds.js'
import { type ColumnMetrics, columnMetrics, type FileStatistics } from '../../src/iceberg/column-stats.js'
import type { ColumnDeclaration, DeclaredType } from '../../src/iceberg/schema.js'
import type { PrimitiveType } from '../../src/iceberg/types.js'
import { schemaOf } from './samples.js'

const folder = mkdtempSync(join(tmpdir(), 'sluice-stats-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The metrics of a file that DuckDB writes from a SELECT in a session that is not in UTC. */
async function metricsOf(columns: readonly ColumnDeclaration[], select: string): Promise<ColumnMetrics> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run("SET TimeZone = 'Europe/Warsaw'")
  const copied = await connection.runAndReadAll(
    `COPY (${select}) TO '${folder}/f.parquet' (FORMAT parquet, RETURN_STATS)`,
  )
  const listed = copied.getRowObjectsJson()[0]!['column_statistics'] as {
    key: string
    value: { key: string; value: string }[]
  }[]
  connection.closeSync()
  const statistics = Object.fromEntries(
    listed.map(({ key, value }) => [key, Object.fromEntries(value.map(one => [one.key, one.value]))]),
  )
  return columnMetrics(schemaOf(columns), statistics)
}

async function boundsOf(type: DeclaredType, ...values: string[]): Promise<(BoundValue | undefined)[]> {
  const metrics = await metricsOf(
    [{ name: 'a', type }],
    values.map(value => `SELECT ${value} AS a`).join(' UNION ALL '),
  )
  return [metrics['lower-bounds'], metrics['upper-bounds']].map(bounds => {
    const bytes = bounds!.get(1)
    return bytes && decodeValue(type as PrimitiveType, bytes)
  })
}

describe('column metrics from what DuckDB returns', () => {
  it.each<[PrimitiveType, string[], BoundValue | undefined, BoundValue | undefined]>([
    ['boolean', ['true', 'NULL', 'false'], false, true],
    ['int', ['(-2147483648)::INT', '7::INT'], -2147483648, 7],
    ['long', ['9223372036854775807', '(-9223372036854775808)::BIGINT'], -(2n ** 63n), 2n ** 63n - 1n],
    ['float', ['0.1::FLOAT', "'-inf'::FLOAT"], -Infinity, Math.fround(0.1)],
    ['double', ["'nan'::DOUBLE", '1e-300', '1e23'], 1e-300, 1e23],
    ['double', ["'nan'::DOUBLE"], undefined, undefined],
    [
      'decimal(38,18)',
      ['-1.25::DECIMAL(38,18)', '99999999999999999999.000000000000000001::DECIMAL(38,18)'],
      -125n * 10n ** 16n,
      99999999999999999999000000000000000001n,
    ],
    ['decimal(4,2)', ['0.05::DECIMAL(4,2)', '-0.05::DECIMAL(4,2)'], -5n, 5n],
    ['date', ["DATE '1969-12-31'", "DATE '0001-01-01'"], -719162, -1],
    ['date', ["DATE '12026-01-01'"], Date.UTC(12026, 0) / 86_400_000, Date.UTC(12026, 0) / 86_400_000],
    ['date', ["DATE 'infinity'", "DATE '0044-03-15 (BC)'"], undefined, undefined],
    ['time', ["TIME '10:11:12.5'", "TIME '00:00:00'"], 0n, 36_672_500_000n],
    ['timestamp', ["TIMESTAMP '1969-12-31 23:59:59.5'", "TIMESTAMP '1970-01-01 00:00:00.000001'"], -500_000n, 1n],
    [
      'timestamptz',
      ["TIMESTAMPTZ '2026-01-22 09:00:00.000001+00'"],
      BigInt(Date.UTC(2026, 0, 22, 9)) * 1000n + 1n,
      BigInt(Date.UTC(2026, 0, 22, 9)) * 1000n + 1n,
    ],
    ['string', ["'zażółć'", "''"], '', 'zażółć'],
    ['string', ["repeat('a', 300)"], 'a'.repeat(16), `${'a'.repeat(15)}b`],
    ['string', ["repeat('ż', 300)", "'a'"], undefined, undefined],
    ['string', ['NULL::VARCHAR'], undefined, undefined],
    ['binary', ["'x'::BLOB", "'\\xFF'::BLOB"], Buffer.from('x'), Buffer.from([255])],
    [
      'uuid',
      ["'00112233-4455-6677-8899-aabbccddeeff'::UUID"],
      Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
      Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
    ],
  ])('bound %s %j', async (type, values, lower, upper) => {
    expect(await boundsOf(type, ...values)).toEqual([lower, upper])
  })

  it('put negative zero below and positive zero above', async () => {
    for (const zeros of [
      ["'-0'::DOUBLE", "'0'::DOUBLE"],
      ["'0'::DOUBLE", "'-0'::DOUBLE"],
    ]) {
      expect(await boundsOf('double', ...zeros)).toEqual([-0, 0])
    }
  })

  it('count values, nulls and the absence of NaN, by field id', async () => {
    const metrics = await metricsOf(
      [
        { name: 'a"b', type: 'int' },
        { name: 'd', type: 'double' },
        { name: 'n', type: 'double' },
      ],
      `SELECT NULL::INT AS "a""b", 1.5::DOUBLE AS d, 'nan'::DOUBLE AS n UNION ALL SELECT 5, 2, 1`,
    )
    expect(metrics['value-counts']).toEqual(
      new Map([
        [1, 2n],
        [2, 2n],
        [3, 2n],
      ]),
    )
    expect(metrics['null-value-counts']).toEqual(
      new Map([
        [1, 1n],
        [2, 0n],
        [3, 0n],
      ]),
    )
    expect(metrics['nan-value-counts']).toEqual(new Map([[2, 0n]]))
    expect([...metrics['column-sizes']!.keys()]).toEqual([1, 2, 3])
  })

  it('give list elements counts but no bounds', async () => {
    const metrics = await metricsOf(
      [{ name: 'l', type: { list: 'string' } }],
      `SELECT ['a', 'b'] AS l UNION ALL SELECT NULL`,
    )
    expect(metrics['value-counts']).toEqual(new Map([[2, 3n]]))
    expect(metrics['lower-bounds']).toEqual(new Map())
  })

  it('leave out what is not said, contradictory or not of the type', () => {
    const of = (figures: FileStatistics[string]) =>
      columnMetrics(schemaOf([{ name: 'a', type: 'int' }]), { '"a"': figures })
    expect(of({ min: '5', max: '1' })['lower-bounds']).toEqual(new Map())
    expect(of({ min: '5000000000', max: 'x' })['lower-bounds']).toEqual(new Map())
    expect(of({ min: '5' })['lower-bounds']!.size).toBe(1)
    expect(of({ null_count: '-1' })['null-value-counts']).toEqual(new Map())
  })
})
