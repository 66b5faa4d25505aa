import { describe, expect, test } from 'vitest'
import { dependentsOf, follower } from '../../../src/gold/lineage/follow.js'
import { type LineageInput, type Subtype, type Transformation, throughAll } from '../../../src/gold/lineage/inputs.js'
import type { TableLineage } from '../../../src/gold/lineage/model-lineage.js'

const DIRECT = new Set(['IDENTITY', 'TRANSFORMATION', 'AGGREGATION'])
const way = (subtype: Subtype) => ({ type: DIRECT.has(subtype) ? 'DIRECT' : 'INDIRECT', subtype }) as Transformation
const ways = (transformations: readonly Transformation[]) => transformations.map(({ subtype }) => subtype)

/** `silver.bars.close SUM` as an input. */
function input(name: string, ...subtypes: Subtype[]): LineageInput {
  const [layer, dataset, column = ''] = name.split('.')
  return { table: `${layer}.${dataset}`, column, transformations: subtypes.map(way) }
}

/** Three models in a row, the middle one grouping the first. */
const TABLES: TableLineage[] = [
  {
    table: 'gold.a',
    columns: [{ column: 'price', inputs: [input('silver.bars.close', 'TRANSFORMATION')] }],
    rows: { inputs: [input('silver.bars.*', 'IDENTITY'), input('silver.bars.kind', 'FILTER')] },
  },
  {
    table: 'gold.b',
    columns: [
      { column: 'mean', inputs: [input('gold.a.price', 'AGGREGATION')] },
      { column: 'n', inputs: [input('gold.a.*', 'AGGREGATION')] },
      { column: 'odd', inputs: [], unknown: 'what strange gives is not understood' },
    ],
    rows: { inputs: [input('gold.a.*', 'AGGREGATION')] },
  },
  {
    table: 'gold.c',
    columns: [
      { column: 'state', inputs: [input('gold.b.mean', 'CONDITIONAL'), input('gold.b.odd', 'IDENTITY')] },
      { column: 'mean', inputs: [input('gold.b.mean', 'IDENTITY'), input('reference.units.parts', 'JOIN')] },
    ],
    rows: { inputs: [input('gold.b.*', 'IDENTITY')] },
  },
]

const textsOf = (inputs: readonly LineageInput[]) =>
  inputs.map(({ table, column, transformations }) => `${table}.${column} ${ways(transformations).join('+')}`)

describe('upstream', () => {
  const follow = follower(TABLES)
  const [, b, c] = TABLES

  test('goes through so many models, and leaves tables that no model makes', () => {
    const at = (depth: number) => textsOf(follow(c!.columns[1]!, depth).inputs)
    expect(at(1)).toEqual(['gold.b.mean IDENTITY', 'reference.units.parts JOIN'])
    expect(at(2)).toEqual(['gold.a.price AGGREGATION', 'reference.units.parts JOIN'])
    expect(at(3)).toEqual(['reference.units.parts JOIN', 'silver.bars.close AGGREGATION'])
    expect(at(Number.POSITIVE_INFINITY)).toEqual(at(3))
  })

  test('follows rows to what decides them', () => {
    expect(textsOf(follow(b!.columns[1]!, 9).inputs)).toEqual(['silver.bars.* AGGREGATION', 'silver.bars.kind FILTER'])
    expect(textsOf(follow(c!.rows, 9).inputs)).toEqual(['silver.bars.* AGGREGATION', 'silver.bars.kind FILTER'])
  })

  test('says which column on the way is not known', () => {
    expect(follow(c!.columns[0]!, 1)).not.toHaveProperty('unknown')
    expect(follow(c!.columns[0]!, 2).unknown).toBe('gold.b.odd: what strange gives is not understood')
    expect(textsOf(follow(c!.columns[0]!, 9).inputs)).toEqual(['silver.bars.close CONDITIONAL'])
  })
})

describe('downstream', () => {
  const of = (table: string, column: string, depth = Number.POSITIVE_INFINITY) =>
    dependentsOf({ table, columns: [column] }, TABLES, depth).map(
      own => `${own.table}.${own.column} ${ways(own.transformations).join('+')} ${own.depth}`,
    )

  test('finds what takes a column, and what takes that', () => {
    expect(of('silver.bars', 'close')).toEqual([
      'gold.a.price TRANSFORMATION 1',
      'gold.b.mean AGGREGATION 2',
      'gold.c.state CONDITIONAL 3',
      'gold.c.mean AGGREGATION 3',
    ])
    expect(of('silver.bars', 'close', 2)).toHaveLength(2)
    expect(of('silver.bars', 'open')).toEqual([])
  })

  test('finds tables whose rows a column decides', () => {
    expect(of('silver.bars', 'kind')).toEqual([
      'gold.a.* FILTER 1',
      'gold.b.n FILTER 2',
      'gold.b.* FILTER 2',
      'gold.c.* FILTER 3',
    ])
  })
})

test('the ways of a chain: the strongest direct one, or the nearest indirect one', () => {
  const chain = (outer: Subtype[], inner: Subtype[]) => ways(throughAll(outer.map(way), inner.map(way)))
  expect(chain(['IDENTITY'], ['AGGREGATION'])).toEqual(['AGGREGATION'])
  expect(chain(['TRANSFORMATION'], ['AGGREGATION', 'IDENTITY'])).toEqual(['TRANSFORMATION', 'AGGREGATION'])
  expect(chain(['AGGREGATION', 'SORT'], ['IDENTITY'])).toEqual(['AGGREGATION', 'SORT'])
  expect(chain(['FILTER'], ['JOIN'])).toEqual(['JOIN'])
  expect(chain(['FILTER'], ['JOIN', 'IDENTITY'])).toEqual(['JOIN', 'FILTER'])
  expect(chain([], ['IDENTITY'])).toEqual([])
})
