import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import type { PipeRecord } from '../../src/pipeline/record/run-record.js'
import { ticks } from '../support/contracts.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'
import type { InputRow } from '../support/records.js'

/** A failing property prints its seed and path; `{ seed, path }` here repeats it. */
const RUNS = { numRuns: 8 }

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const CONTENT = 'SELECT id, moment, price, note FROM silver.ticks ORDER BY ALL'

const REFUSED = 'SELECT rules, count(*) FROM quarantine.ticks GROUP BY ALL ORDER BY ALL'

/** The second capture sorts before the first, received at the same moment: the same words by an earlier record. */
const GIVES_WAY_TO_ITS_EQUAL: [string[], string[], 'first' | 'latest'] = [
  [
    '{"id":"b","moment":"2026-01-06T00:00:00Z","price":"1","note":""}',
    '{"id":"a","moment":"2026-01-05T10:00:00Z","price":"1"}',
  ],
  ['{"id":"b","moment":"2026-01-06T00:00:00Z","price":"1.0","note":""}'],
  'first',
]

/** Few ids and moments, so that keys meet; a note that tells apart rows of one key. */
const good = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'é"\''),
  moment: fc.constantFrom(
    '2026-01-05T10:00:00Z',
    '2026-01-05T10:30:00+00:30',
    '2026-01-06T00:00:00Z',
    '2025-12-31T23:59:59.999999Z',
  ),
  price: fc.constantFrom('1', '1.0', '0.0001', '99999999999999.9999'),
  note: fc.option(fc.constantFrom('x', ''), { nil: undefined }),
})
const bad = fc.constantFrom<InputRow>(
  {},
  { id: 'a' },
  { id: 'a', moment: 'noon', price: '1' },
  { id: 'a', moment: '2026-01-05', price: '-1' },
  { id: 'b', moment: '2026-01-05', price: 'NaN' },
)
const lines = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: good.map(row => JSON.stringify(row)) },
    { weight: 1, arbitrary: bad.map(row => JSON.stringify(row)) },
    { weight: 1, arbitrary: fc.constantFrom('no JSON', '[1]', '{"id": ') },
  ),
  { minLength: 1, maxLength: 25 },
)

let names = 0
async function fileOf(lines: readonly string[]): Promise<string> {
  return folder.write(`batch-${names++}.ndjson`, `${lines.join('\n')}\n`)
}

/** A lake that took batches of files, all received at one moment, and what its records say. */
async function fed(batches: readonly (readonly string[])[], mergePolicy: 'first' | 'latest') {
  const lake = folder.lake({ models: [], contracts: [ticks({ mergePolicy })] })
  const pipes: PipeRecord[] = []
  for (const input of batches) {
    const text = `pipes:\n  - { name: ticks, source: file, contract: ticks, format: ndjson, input: ${JSON.stringify(input)} }\n`
    pipes.push(...(await lake.with({ pipes: parsePipes(text, 'pipes/ticks.yaml') }).run()).pipes)
  }
  return { lake, pipes, mergePolicy }
}

/** Every record of the files is in one figure of one record, and in one of the tables. */
async function expectConserved(
  { lake, pipes, mergePolicy }: Awaited<ReturnType<typeof fed>>,
  records: number,
): Promise<void> {
  for (const pipe of pipes)
    expect(pipe.accepted + pipe.duplicate + pipe.quarantined + pipe.held + pipe.not_final).toBe(pipe.in)
  const total = (figure: 'in' | 'accepted' | 'duplicate' | 'quarantined') =>
    pipes.reduce((sum, pipe) => sum + pipe[figure], 0)
  const [row] = await lake.rows(`SELECT
    (SELECT count(*) FROM bronze.ticks)::INTEGER + (SELECT count(*) FROM quarantine.ticks WHERE raw IS NOT NULL)::INTEGER AS landed,
    (SELECT count(*) FROM quarantine.ticks)::INTEGER AS quarantined, (SELECT count(*) FROM silver.ticks)::INTEGER AS published,
    (SELECT count(DISTINCT (id, moment)) FROM silver.ticks)::INTEGER AS keys`)
  const { landed, quarantined, published, keys } = row as Record<string, number>
  expect({ landed, records: total('in'), keys }).toEqual({ landed: records, records, keys: published })
  // A row that gives way later goes to quarantine under the policy `first` if it says something else; else it is gone.
  const gaveWay = total('accepted') - published!
  expect(gaveWay).toBeGreaterThanOrEqual(0)
  expect(quarantined).toBeGreaterThanOrEqual(total('quarantined'))
  expect(quarantined).toBeLessThanOrEqual(total('quarantined') + (mergePolicy === 'first' ? gaveWay : 0))
}

describe('silver in contract columns', () => {
  it('is the same for the same rows in another order and another split', async () => {
    const key = (row: { id: string; moment: string }): string => `${row.id} ${new Date(row.moment).toISOString()}`
    const distinct = fc.uniqueArray(good, { selector: key, minLength: 1, maxLength: 16 })
    await fc.assert(
      fc.asyncProperty(distinct, fc.nat(), fc.nat(), async (rows, turn, cut) => {
        const texts = rows.map(row => JSON.stringify(row))
        const turned = [...texts.slice(turn % texts.length), ...texts.slice(0, turn % texts.length)].reverse()
        const at = cut % texts.length
        const once = await fed([[await fileOf(texts)]], 'first')
        // The last row comes twice: it is a duplicate in either run.
        const often = await fed(
          [[await fileOf(turned.slice(at))], [await fileOf([...turned.slice(0, at), ...turned.slice(-1)])]],
          'first',
        )
        expect(await often.lake.text(CONTENT)).toBe(await once.lake.text(CONTENT))
      }),
      RUNS,
    )
  })

  it('is the same whether captures come together or one by one; no record of any mix is lost', async () => {
    await fc.assert(
      fc.asyncProperty(lines, lines, fc.constantFrom('first', 'latest'), async (left, right, mergePolicy) => {
        const inputs = [await fileOf(left), await fileOf(right)]
        const together = await fed([inputs], mergePolicy)
        const apart = await fed(
          inputs.map(input => [input]),
          mergePolicy,
        )
        await expectConserved(apart, left.length + right.length)
        expect(await apart.lake.text(CONTENT)).toBe(await together.lake.text(CONTENT))
        expect(await apart.lake.text(REFUSED)).toBe(await together.lake.text(REFUSED))
      }),
      { ...RUNS, examples: [GIVES_WAY_TO_ITS_EQUAL] },
    )
  })
})
