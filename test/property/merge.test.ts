import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TicksOptions, ticks } from '../support/contracts.js'
import { NOW, type ProjectFolder, projectFolder } from '../support/lakes.js'
import { openSettling, type Received, type Settling } from '../support/settling.js'

/** A failing property prints its seed and path; `{ seed, path }` here repeats it. */
const RUNS = { numRuns: 3 }

const MINUTE = 60_000
const VINTAGE = '{ name: since, logicalType: date }'
const PRICE = '{ name: price, logicalType: number, physicalType: "decimal(18,4)", required: true }'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** Few keys, values and moments, so that they meet. */
const row = fc.record({
  id: fc.constantFrom('a', 'b'),
  moment: fc.constantFrom('2026-01-05T10:00:00Z', '2026-02-06T00:00:00Z'),
  price: fc.constantFrom(1, 2, 3, -1),
  since: fc.option(fc.constantFrom('2026-01-06', '2026-01-20', '2026-03-01'), { nil: undefined }),
})
/** What was received, one capture after another; some at one moment, some a second time with the same bytes. */
const captures = fc.array(
  fc.record({ rows: fc.array(row, { minLength: 1, maxLength: 4 }), atMinute: fc.nat({ max: 3 }) }),
  { minLength: 3, maxLength: 5 },
)
/** The order in which they are settled, and after which of them a run ends. */
const plan = fc.record({
  turns: fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
  cuts: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
})

let names = 0
async function filesOf(
  received: readonly { rows: readonly object[]; atMinute: number }[],
  name: (at: number, text: string) => string,
): Promise<Received[]> {
  return Promise.all(
    received.map(async ({ rows, atMinute }, at) => {
      const text = rows.map(entry => `${JSON.stringify(entry)}\n`).join('')
      return { path: await folder.write(name(at, text), text), atMs: NOW + atMinute * MINUTE }
    }),
  )
}

function shuffled(received: readonly Received[], turns: readonly number[]): Received[] {
  const left = [...received]
  return received.flatMap((_, at) => left.splice((turns[at] ?? 0) % left.length, 1))
}

function split(received: readonly Received[], cuts: readonly boolean[]): Received[][] {
  const runs: Received[][] = [[]]
  received.forEach((capture, at) => {
    runs.at(-1)!.push(capture)
    if (cuts[at] && at < received.length - 1) runs.push([])
  })
  return runs
}

const waitingSql = `SELECT _capture_id, _position, rules FROM quarantine.ticks WHERE state = 'waiting' ORDER BY ALL`

async function stateOf(settling: Settling, table: string) {
  const silver = await settling.rows(`SELECT * FROM ${table} ORDER BY ALL`, table)
  const newest = await settling.rows('SELECT * FROM silver.ticks ORDER BY ALL', 'silver.ticks')
  return { silver, newest, waiting: await settling.rows(waitingSql, 'quarantine.ticks') }
}

/** Settles runs in a new lake and checks the sums of their records against the tables. */
async function settledIn(runs: readonly (readonly Received[])[], options: TicksOptions, replaced = false) {
  const lake = folder.lake({ models: [], contracts: [ticks({ properties: [PRICE, VINTAGE], ...options })] })
  await using settling = await openSettling(lake)
  let [accepted, waiting] = [0, 0]
  for (const [at, received] of runs.entries()) {
    const { pipes, datasets } = await settling.run(received, replaced && at === runs.length - 1)
    for (const pipe of pipes) {
      expect(pipe.accepted + pipe.duplicate + pipe.quarantined + pipe.held + pipe.not_final).toBe(pipe.in)
      accepted += pipe.accepted
    }
    const { silver, waiting: moved } = datasets[0]!.moved!
    accepted += silver.entered - silver.left
    waiting += moved.entered - moved.left
  }
  const state = await stateOf(settling, options.mergePolicy === 'versions' ? 'silver.ticks_versions' : 'silver.ticks')
  expect({ accepted, waiting }).toEqual({ accepted: state.silver.length, waiting: state.waiting.length })
  return state
}

const contracts: readonly (readonly [string, TicksOptions])[] = [
  ['first', { mergePolicy: 'first' }],
  ['first of an order', { mergePolicy: 'first', mergeOrderBy: 'price' }],
  ['first with a publication rule', { mergePolicy: 'first', publication: 'moment + INTERVAL 1 DAY' }],
  ['latest', { mergePolicy: 'latest' }],
  ['latest of an order', { mergePolicy: 'latest', mergeOrderBy: 'price', publication: 'moment + INTERVAL 1 DAY' }],
  ['latest vintage, over partitions', { mergePolicy: 'latest', vintage: 'since', key: 'id' }],
  ['versions', { mergePolicy: 'versions' }],
  ['versions with a publication rule', { mergePolicy: 'versions', publication: 'moment + INTERVAL 1 DAY' }],
  ['versions by vintage', { mergePolicy: 'versions', vintage: 'since' }],
]

describe.each(contracts)('merging by the policy %s', (_, options) => {
  it('gives the same rows, system columns and waiting rows for any order and any split of captures into runs', async () => {
    await fc.assert(
      fc.asyncProperty(captures, plan, async (received, { turns, cuts }) => {
        const set = names++
        const files = await filesOf(received, at => `set-${set}-${at}.ndjson`)
        const together = await settledIn([files], options)
        const apart = await settledIn(split(shuffled(files, turns), cuts), options)
        expect(apart).toEqual(together)
      }),
      RUNS,
    )
  })
})
