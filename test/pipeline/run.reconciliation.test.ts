import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contract } from '../../src/contract/contract.js'
import { settlingOrder } from '../../src/contract/settling-order.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { type Asked, observations } from '../support/detecting.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { recordedFolder } from '../support/recorded.js'
import { type InputRow, ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const ASKED = { detector: 'dataset_reconciliation', value: 'close', by: ['instrument_id', 'event_time'] }

/** Contracts of observations, of which `others` ask nothing, or what is given. */
function contracts(asked: Asked, ofOthers: readonly Asked[] = []): Contract[] {
  const other = observations([...ofOthers])
  return [
    observations([{ ...ASKED, against: 'others', severity: 'warn', ...asked }]),
    { ...other, id: 'others', dataset: 'others', hash: 'others' },
  ]
}

let files = 0
async function run(lake: TestLake, contract: string, rows: readonly InputRow[]): Promise<RunRecord> {
  const input = [await folder.write(`rows-${files++}.ndjson`, ndjson(rows))]
  return lake.run({ input, contract })
}

/** Closes of the days of a month, from 1 on. */
function closes(of: readonly number[], parts: InputRow = {}): InputRow[] {
  const day = (at: number): string => `2026-01-${String(at + 1).padStart(2, '0')}T00:00:00Z`
  return of.map((close, at) => ({ instrument_id: 'equity:X:Y', source: 'a', event_time: day(at), close, ...parts }))
}

const texts = ({ pipes }: RunRecord) => pipes.flatMap(({ findings = [] }) => findings.map(({ text }) => text))

/** What is found of rows beside others. */
async function found(asked: Asked, rows: readonly InputRow[], others: readonly InputRow[]): Promise<string[]> {
  const lake = folder.lake({ models: [], contracts: contracts(asked) })
  if (others.length > 0) await run(lake, 'others', others)
  return texts(await run(lake, 'observations', rows))
}

describe('two datasets that state one thing', () => {
  it('agree within the tolerance, and where only one of them states it', async () => {
    expect(await found({}, closes([100, 101, 102]), closes([100.5, 101, 102.9], { source: 'b' }))).toEqual([])
    expect(await found({}, closes([100, 101, 102, 500]), closes([100, 101, 102]))).toEqual([])
    expect(await found({}, closes([100]), closes([500], { instrument_id: 'equity:X:Z' }))).toEqual([])
    expect(await found({}, closes([100]), [])).toEqual([])
  })

  it('are found to differ, with the share of what both state', async () => {
    expect(await found({}, closes([100, 101, 102, 103]), closes([100, 101, 102, 110]))).toEqual([
      'dataset_reconciliation is 25 %; it must be at most 0 %',
    ])
    expect(await found({ max_percent: 25 }, closes([100, 101, 102, 103]), closes([100, 101, 102, 110]))).toEqual([])
    expect(await found({ min_rows: 5 }, closes([100, 101, 102, 103]), closes([1, 1, 1, 1]))).toEqual([])
  })

  it('are compared by other columns and for some rows, where the contract says so', async () => {
    const asked = {
      value: 'close',
      their_value: 'open',
      by: ['event_time'],
      their_by: ['event_time'],
      where: `source = 'a'`,
      their_where: `currency = 'USD'`,
    }
    const others = [
      ...closes([0, 0], { open: 7, currency: 'USD' }),
      ...closes([0, 0], { open: 9, currency: 'EUR', source: 'z' }),
    ]
    expect(await found(asked, [...closes([7, 7]), ...closes([9, 9], { source: 'b' })], others)).toEqual([])
    expect(await found(asked, closes([7, 9]), others)).toEqual([expect.stringContaining('is 50 %')])
  })

  it('hold the batch of the pipe that differs, and of no other', async () => {
    const lake = folder.lake({ models: [], contracts: contracts({ severity: 'hold' }) })
    await run(lake, 'others', closes([100, 101]))
    await folder.write('good.ndjson', ndjson(closes([100, 101])))
    await folder.write('odd.ndjson', ndjson(closes([100, 201], { source: 'odd' })))
    const pipe = (name: string) =>
      `  - { name: ${name}, source: file, contract: observations, input: ${name}.ndjson }\n`
    const pipes = parsePipes(`pipes:\n${pipe('good')}${pipe('odd')}`, 'pipes/two.yaml')
    const record = await lake.with({ pipes }).run({})
    expect(record.pipes).toMatchObject([
      { pipe: 'good', accepted: 2, held: 0 },
      { pipe: 'odd', accepted: 0, held: 2 },
    ])
  })

  it('are compared in the run that brings both, whatever the order of its pipes', async () => {
    await folder.write('mine.ndjson', ndjson(closes([100, 101])))
    await folder.write('theirs.ndjson', ndjson(closes([100, 201])))
    const pipes = parsePipes(
      `pipes:
  - { name: mine, source: file, contract: observations, input: mine.ndjson }
  - { name: theirs, source: file, contract: others, input: theirs.ndjson }
`,
      'pipes/both.yaml',
    )
    const record = await folder.lake({ models: [], contracts: contracts({}), pipes }).run({})
    expect(texts(record)).toEqual([expect.stringContaining('is 50 %')])
  })

  it('are settled in the order in which they look at each other, and as they stand where they do so mutually', () => {
    const [mine, others] = contracts({}) as [Contract, Contract]
    expect(settlingOrder([mine, others])).toEqual([others, mine])
    const mutual = contracts({}, [{ ...ASKED, against: 'observations' }])
    expect(settlingOrder(mutual).map(({ dataset }) => dataset)).toEqual(['others', 'observations'])
    expect(settlingOrder([mine])).toEqual([mine])
  })

  it('are refused where they cannot be compared, with the place', async () => {
    const cases: readonly [Asked, string, RegExp][] = [
      [{ against: 'other' }, 'SLUICE_CONTRACT_INVALID', /there is no dataset `other`, nearest is `others`/],
      [{ against: 'observations' }, 'SLUICE_CONTRACT_INVALID', /`observations` is the dataset itself/],
      [{ their_value: 'closed' }, 'SLUICE_CONTRACT_INVALID', /others has no column `closed`, nearest is `close`/],
      [{ their_value: 'source' }, 'SLUICE_CONTRACT_INVALID', /`source` of others is no number/],
      [{ their_by: ['event_time'] }, 'SLUICE_CONTRACT_INVALID', /must name as many columns/],
      [
        { by: ['close'], their_by: ['event_time'] },
        'SLUICE_CONTRACT_INVALID',
        /`close` and `event_time` of others cannot be/,
      ],
      [{ their_where: 'nothing > 1' }, 'SLUICE_SQL_REFUSED', /nothing/],
      [{ their_where: 'read_text(source) IS NULL' }, 'SLUICE_SQL_REFUSED', /read_text/],
    ]
    for (const [asked, code, words] of cases) {
      const lake = folder.lake({ models: [], contracts: contracts(asked) })
      const error = await errorOf(run(lake, 'observations', closes([1])))
      expect(error).toMatchObject({ code, message: expect.stringMatching(words) })
      expect(error.place).toMatchObject({ file: 'contracts/observations.odcs.yaml', line: expect.any(Number) })
    }
  })
})

const recorded = recordedFolder()

describe('recorded datasets', () => {
  /** Lines of dates and values, by the places of both in a line. */
  async function lines(path: string, value: number, parts: InputRow): Promise<InputRow[]> {
    const bytes = await readFile(`${recorded}/${path}`)
    const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
    return text
      .trimEnd()
      .split(/\r?\n/)
      .slice(1)
      .map(line => line.replaceAll('"', '').split(','))
      .filter(cells => Number(cells[value]) > 0)
      .map(cells => ({ ...parts, event_time: `${cells[0]}T00:00:00Z`, close: cells[value]! }))
  }

  const since = (day: string, rows: readonly InputRow[]) => rows.filter(row => String(row['event_time']) >= day)

  it('of the euro in dollars, as the ECB fixes it and as the Fed sees it at noon, agree within three per cent', async () => {
    if (recorded === undefined) return
    const parts = { instrument_id: 'fx:ecb:EURUSD', source: 'x' }
    const fed = since('2015', await lines('fred/csv_2018/DEXUSEU.csv', 1, parts))
    const ecb = since('2015', await lines('ecb/eurofxref-hist_vintage-2019-12-23.csv.gz', 1, parts))
    expect(await found({ tolerance: 0.03 }, fed, ecb)).toEqual([])
    // 92 of the 803 days that both have.
    expect(await found({ tolerance: 0.005 }, fed, ecb)).toEqual([expect.stringMatching(/ is 11\.45\d* %/)])
  })

  it('of a share before and after its history was adjusted anew differ on all days that both have', async () => {
    if (recorded === undefined) return
    const parts = { instrument_id: 'equity:XWAR:SLU', source: 'stooq' }
    const before = await lines('stooq/gpw_2022-08/pkn_d.csv', 4, parts)
    const after = since('2019', await lines('stooq/full_2024-05/pkn_d.csv', 4, parts))
    expect(await found({ tolerance: 0.02 }, before, after)).toEqual([expect.stringContaining(' is 100 %')])
  })
})
