import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Dependent, orderModels } from '../../src/gold/order.js'

function model(table: string, ...dependencies: string[]): Dependent {
  return { table, file: `${table}.sql`, dependencies }
}

const tables = (models: readonly Dependent[]): string[] => models.map(({ table }) => table)

describe('orderModels', () => {
  test('puts every model after the models that it reads, whatever their order in the project', () => {
    const models = [
      model('summary', 'gold.risk', 'gold.bars'),
      model('risk', 'gold.bars'),
      model('bars', 'silver.events'),
    ]
    expect(tables(orderModels(models))).toEqual(['bars', 'risk', 'summary'])
  })

  test('gives one order for every arrangement of the same models', () => {
    const count = 7
    const graph = fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 12 })
    fc.assert(
      fc.property(graph, fc.shuffledSubarray([...Array(count).keys()], { minLength: count }), (edges, arrangement) => {
        const models = [...Array(count).keys()].map(i => {
          const reads = edges.filter(([from, to]) => from === i && to < i).map(([, to]) => `gold.t${to}`)
          return model(`t${i}`, ...reads)
        })
        const ordered = orderModels(models)
        expect(tables(orderModels(arrangement.map(i => models[i]!)))).toEqual(tables(ordered))
        for (const [i, { dependencies }] of ordered.entries()) {
          const before = tables(ordered.slice(0, i)).map(table => `gold.${table}`)
          expect(before).toEqual(expect.arrayContaining([...dependencies]))
        }
      }),
    )
  })

  test('names a circle of models', () => {
    const models = [model('a', 'gold.b'), model('b', 'gold.c'), model('c', 'gold.b')]
    expect(() => orderModels(models)).toThrow('b reads c reads b')
    expect(() => orderModels([model('a', 'gold.a')])).toThrow('a reads a')
  })

  test('refuses a gold table that nothing makes, unless it is named as made elsewhere', () => {
    const models = [model('a', 'gold.metrics')]
    expect(() => orderModels(models)).toThrow('`gold.metrics`')
    expect(tables(orderModels(models, new Set(['metrics'])))).toEqual(['a'])
  })

  test('refuses two models of one table', () => {
    expect(() => orderModels([model('a'), { ...model('a'), file: 'other.sql' }])).toThrow('already made by a.sql')
  })
})
