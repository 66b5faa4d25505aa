import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lintContract } from '../../src/contract/lint-contract.js'
import type { SluiceError } from '../../src/core/errors.js'
import { ticks } from '../support/contracts.js'
import { type DuckDbConnection, testDuckDb } from '../support/duckdb.js'

const entry = (implementation: string): string =>
  `{ id: found, type: custom, engine: sluice, implementation: ${implementation} }`

/** The message of the fault that the contract has, and the line of its file. */
function faultOf(implementation: string): string {
  try {
    ticks({ quality: [entry(implementation)] })
  } catch (thrown) {
    const { message, details } = thrown as SluiceError
    expect(details?.place).toMatchObject({ file: 'contracts/ticks.odcs.yaml', line: 16 })
    return message
  }
  return 'no fault'
}

describe('a detector in a contract', () => {
  it('has the defaults of its parameters, and those that the contract gives', () => {
    const { rules } = ticks({ quality: [entry('{ detector: large_move, value: price, sigmas: 9 }')] })
    expect(rules.at(-1)).toMatchObject({
      id: 'found',
      severity: 'error',
      test: {
        kind: 'detector',
        name: 'large_move',
        arguments: { value: 'price', window: 20, sigmas: 9, min_move: 0.25 },
      },
    })
  })

  it('judges the property under which it stands', () => {
    const price = `{ name: price, logicalType: number, physicalType: "decimal(18,4)", quality: [${entry('{ detector: stale_value }')}] }`
    expect(ticks({ properties: [price] }).rules[0]?.test).toMatchObject({ arguments: { value: 'price', run: 5 } })
  })

  it('is a check with a limit where it gives a figure', () => {
    const { checks } = ticks({ quality: [entry('{ detector: completeness, min_percent: 90 }')] })
    expect(checks).toMatchObject([{ id: 'found', must: { op: 'beGreaterOrEqualTo', value: 90 }, unit: 'percent' }])
  })

  it.each([
    ['{ detector: bad_tik, value: price }', /unknown detector `bad_tik`, nearest is `bad_tick`/],
    ['{ value: price }', /names no `detector`, known: price_sign/],
    ['{ detector: bad_tick }', /bad_tick needs `value`/],
    ['{ detector: bad_tick, value: prize }', /names the unknown column `prize`, nearest is `price`/],
    ['{ detector: bad_tick, value: note }', /must name a number column; `note` is string/],
    ['{ detector: bad_tick, value: price, windw: 3 }', /has no parameter `windw`, nearest is `window`/],
    ['{ detector: bad_tick, value: price, window: 0 }', /`window` must be at least 1/],
    ['{ detector: bad_tick, value: price, window: 2.5 }', /`window` must be a whole number/],
    ['{ detector: bad_tick, value: price, sigmas: many }', /`sigmas` must be a number/],
    ['{ detector: completeness, step: 7m }', /`step` must be one of 1m/],
    ['{ detector: missing_field, columns: [] }', /`columns` must be a list of columns/],
    ['[bad_tick]', /implementation/],
  ])('is refused with its place: %s', (implementation, message) => {
    expect(faultOf(implementation)).toMatch(message)
  })

  it('that looks round is refused in gold', () => {
    const gold = () => ticks({ quality: [entry('{ detector: bad_tick, value: price }')], layer: 'gold' })
    expect(gold).toThrow(/the detector bad_tick is for silver/)
  })
})

describe('the condition of a detector', () => {
  let duckdb: DuckDbConnection
  beforeAll(async () => {
    duckdb = await testDuckDb()
  })
  afterAll(() => duckdb.close())

  it.each([
    ["note = 'x'", 0],
    ['prize > 0', 1],
    ['price > (SELECT 1)', 1],
    ["price > 0) OR (read_text('x') <> ''", 1],
  ])('is one SQL expression over the columns: %s', async (where, faults) => {
    for (const detector of ['bad_tick, value: price', 'completeness', 'plausible_time']) {
      const contract = ticks({ quality: [entry(`{ detector: ${detector}, where: ${JSON.stringify(where)} }`)] })
      expect(await lintContract(contract, duckdb.parse)).toHaveLength(faults)
    }
  })
})
