import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const split = (ratio: number, announced_at: string, status?: string) => ({
  instrument_id: 'equity:XNYS:ACME',
  ex_date: '2025-02-18',
  action_type: 'split',
  action_id: '1',
  ratio,
  announced_at,
  ...(status === undefined ? {} : { status }),
})
const ANNOUNCED = split(2, '2025-01-16T22:00:00Z')
const CORRECTED = split(4, '2025-02-10T12:00:00Z')
const CANCELLED = split(4, '2025-02-12T12:00:00Z', 'cancelled')

/** The factor of a price from before the split, by the query of the guide. */
const factorAsKnown = (at: string) => `WITH known AS (
    SELECT * FROM corporate_actions_versions WHERE _known_at <= TIMESTAMPTZ '${at}'
    QUALIFY row_number() OVER (PARTITION BY instrument_id, ex_date, action_type, action_id ORDER BY _known_at DESC) = 1)
  SELECT adjustment_factor(
    list({'ex_date': ex_date, 'factor': split_factor(action_type, ratio), 'known_at': _known_at} ORDER BY ex_date),
    DATE '2025-02-14', DATE '2025-12-31', TIMESTAMPTZ '${at}') AS factor
  FROM known WHERE status IS DISTINCT FROM 'cancelled'`

it.each([
  ['one after another', [[ANNOUNCED], [CORRECTED], [CANCELLED]]],
  ['all at once', [[ANNOUNCED, CORRECTED, CANCELLED]]],
  ['the last first', [[CANCELLED], [ANNOUNCED, CORRECTED]]],
])(
  'A corrected and then cancelled split counts as it was known at each time when its rows come %s',
  async (name, runs) => {
    const lake = folder.lake()
    for (const [at, rows] of runs.entries()) {
      const input = [await folder.write(`${name}-${at}.ndjson`.replaceAll(' ', '-'), ndjson(rows))]
      expect((await lake.run({ input, contract: 'corporate_actions' })).status).toBe('published')
    }
    const factors = []
    for (const at of ['2025-01-10', '2025-02-01', '2025-02-11', '2025-02-13'])
      factors.push(...(await lake.rows(factorAsKnown(at))))
    expect(factors).toEqual([1, 0.5, 0.25, 1].map(factor => ({ factor })))
  },
)
