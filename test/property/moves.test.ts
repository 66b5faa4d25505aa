import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrateDataset } from '../../src/pipeline/contracts/migrate-dataset.js'
import { decideBreakers } from '../../src/pipeline/holding/decide-breakers.js'
import { decideQuarantined } from '../../src/pipeline/holding/decide-quarantine.js'
import type { QuarantineFilter } from '../../src/pipeline/holding/find-quarantined.js'
import { heldNow, openHolds } from '../../src/pipeline/holding/hold-book.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { localStore } from '../../src/storage/local-store.js'
import { ticks } from '../support/contracts.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'

/** A failing property prints its seed and path; `{ seed, path }` here repeats it. */
const RUNS = { numRuns: 3 }
const HOUR = 3_600_000

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

type Move =
  | { readonly kind: 'run'; readonly a: readonly string[]; readonly b: readonly string[]; readonly replace: boolean }
  | { readonly kind: 'replay' | 'release' | 'discard'; readonly filter: QuarantineFilter; readonly maxPrice: number }
  | { readonly kind: 'trip' | 'reset'; readonly pipe: string }
  | { readonly kind: 'migrate' }

/** Few keys, so that rows meet; prices of which some break a rule. */
const line = fc
  .oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        moment: fc.constantFrom('2026-01-05T10:00:00Z', '2026-01-06T00:00:00Z'),
        price: fc.constantFrom('1', '1.0', '2', '-1', '50', '200', 'NaN'),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ id: 'a', price: '1' }) },
  )
  .map(row => JSON.stringify(row))
const lines = fc.array(fc.oneof({ weight: 9, arbitrary: line }, { weight: 1, arbitrary: fc.constant('no JSON') }), {
  minLength: 1,
  maxLength: 8,
})
const filter = fc.record({
  kind: fc.constantFrom('rows', 'holds', undefined),
  pipe: fc.constantFrom('a', 'b', undefined),
  rule: fc.option(fc.constantFrom('price_positive', 'not_above', 'conflict'), { nil: undefined, freq: 4 }),
})
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('run' as const), a: lines, b: lines, replace: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('replay' as const, 'release' as const, 'discard' as const),
      filter,
      maxPrice: fc.constantFrom(10, 100),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('trip' as const, 'reset' as const), pipe: fc.constantFrom('a', 'b') }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'migrate' as const }) },
)

const contract = (maxPrice: number, major: number, maxShare = 0.4) => ({
  ...ticks({
    version: `${major}.0.0`,
    maxShare,
    quality: [`{ id: not_above, type: custom, engine: sluice, implementation: price <= ${maxPrice}, severity: error }`],
  }),
})

const PIPES = parsePipes(
  `pipes:
  - { name: a, source: file, contract: ticks, format: ndjson, input: a.ndjson }
  - { name: b, source: file, contract: ticks, format: ndjson, input: b.ndjson }
`,
  'pipes/moves.yaml',
)

let names = 0

/** Makes one move at its hour; gives the records that it left. */
async function make(move: Move, hour: number, lake: TestLake, major: number): Promise<RunRecord[]> {
  const nowMs = NOW + hour * HOUR
  switch (move.kind) {
    case 'run': {
      const stem = `moves-${names++}`
      const pipes = []
      for (const name of ['a', 'b'] as const) {
        await folder.write(`${stem}-${name}.ndjson`, `${move[name].join('\n')}\n`)
        pipes.push(
          `  - { name: ${name}, source: file, contract: ticks, format: ndjson, input: ${stem}-${name}.ndjson }\n`,
        )
      }
      const own = lake.with({
        contracts: [contract(10, major)],
        pipes: parsePipes(`pipes:\n${pipes.join('')}`, 'pipes/moves.yaml'),
      })
      return [await own.run({ nowMs, replace: move.replace })]
    }
    case 'trip':
    case 'reset': {
      const decision = { move: move.kind, by: 'ada', reason: 'by hand' }
      await decideBreakers({ ...lake.project, pipes: PIPES }, { pipe: move.pipe }, decision, { nowMs })
      return []
    }
    case 'migrate': {
      const own = lake.with({ contracts: [contract(10, major, 1)], pipes: PIPES })
      const { record } = await migrateDataset(own.project, 'ticks', { dryRun: false, allowDqBreach: false, nowMs })
      return record === undefined ? [] : [record]
    }
    default: {
      const own = lake.with({ contracts: [contract(move.maxPrice, major)], pipes: PIPES })
      const decision = { move: move.kind, by: 'ada', reason: 'looked at it' }
      const decided = await decideQuarantined(own.project, move.filter, decision, { nowMs }).catch(cause => {
        if (['SLUICE_ROW_NOT_RELEASABLE'].includes(cause.code)) return { outcome: 'nothing' as const }
        throw cause
      })
      return decided.outcome === 'decided' ? [decided.record] : []
    }
  }
}

/** Every record that was received is in one place, and the records of the runs say so. */
async function expectConserved(lake: TestLake, records: readonly RunRecord[]): Promise<void> {
  for (const pipe of records.flatMap(({ pipes }) => pipes))
    expect(pipe.in).toBe(pipe.accepted + pipe.duplicate + pipe.quarantined + pipe.held + pipe.not_final)
  const store = localStore(lake.root)
  const holds = heldNow(await openHolds({ store, wait: async () => undefined, random: () => 0 }).read())
  const held = holds.flatMap(({ captures }) => captures.map(({ id }) => `('${id}')`))
  const discarded = records
    .filter(({ decision }) => decision?.move === 'discard' && decision.holds.length > 0)
    .flatMap(({ decision }) => decision!.captures.map(id => `('${id}')`))
  const captures = ['(NULL)', ...held, ...discarded].join(', ')
  const [row] = await lake.rows(`WITH records AS (SELECT DISTINCT _capture_id, _position, id, moment FROM bronze.ticks),
    places AS (SELECT
        (_capture_id, _position) IN (SELECT (_capture_id, _position) FROM silver.ticks) AS accepted,
        (_capture_id, _position) IN (SELECT (_capture_id, _position) FROM quarantine.ticks WHERE state IN ('waiting', 'discarded')) AS quarantined,
        _capture_id IN (SELECT * FROM (VALUES ${captures}) v(id)) AS held,
        (id, TRY_CAST(moment AS TIMESTAMPTZ)) IN (SELECT (id, moment) FROM silver.ticks) AS duplicate
      FROM records)
    SELECT count(*) FILTER (NOT accepted AND NOT quarantined AND NOT held AND NOT duplicate) AS lost,
      count(*) FILTER (accepted) AS accepted,
      (SELECT count(*) FROM silver.ticks) AS silver, (SELECT count(DISTINCT (id, moment)) FROM silver.ticks) AS keys,
      (SELECT count(*) FROM quarantine.ticks WHERE state = 'waiting') AS waiting,
      (SELECT count(*) FROM quarantine.ticks q JOIN silver.ticks s USING (_capture_id, _position) WHERE state = 'discarded') AS undone,
      (SELECT count(*) FROM quarantine.ticks q LEFT JOIN silver.ticks s ON q.record->>'id' = s.id
        WHERE state = 'released' AND s.id IS NULL) AS vanished FROM places`)
  const figures = Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]))
  const moved = records.flatMap(({ datasets }) =>
    datasets.flatMap(({ moved: own }) => (own === undefined ? [] : [own])),
  )
  const sum = (of: (own: (typeof moved)[number]) => number): number => moved.reduce((total, own) => total + of(own), 0)
  const accepted = records.flatMap(({ pipes }) => pipes).reduce((total, pipe) => total + pipe.accepted, 0)
  expect(figures).toEqual({
    lost: 0,
    accepted: figures['silver'],
    silver: accepted + sum(({ silver }) => silver.entered - silver.left),
    keys: figures['silver'],
    undone: 0,
    vanished: 0,
    waiting: sum(({ waiting }) => waiting.entered - waiting.left),
  })
}

it('the sum of what came in stays true through any sequence of runs, replays, releases, discards, trips, resets and migrations', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 2, maxLength: 8 }), async moves => {
      const lake = folder.lake({ models: [], contracts: [contract(10, 1)] })
      const first: Move = {
        kind: 'run',
        a: ['{"id":"a","moment":"2026-01-05","price":"1"}'],
        b: ['no JSON'],
        replace: false,
      }
      let major = 1
      let records: RunRecord[] = []
      for (const [hour, next] of [first, ...moves].entries()) {
        if (next.kind === 'migrate') {
          // A new major has tables of its own, and sums of its own.
          major++
          records = []
        }
        records.push(...(await make(next, hour, lake, major)))
        await expectConserved(lake, records)
      }
    }),
    RUNS,
  )
}, 300_000)
