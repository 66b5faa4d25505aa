import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenLake, openLake } from '../../src/index.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

const ADA = { by: 'ada', reason: 'checked' }

let folder: ProjectFolder
let lake: OpenLake
beforeAll(async () => {
  folder = await projectFolder()
  await rm(join(folder.folder, 'models'), { recursive: true })
  await mkdir(join(folder.folder, 'models'))
  await folder.write('deals.ndjson', ndjson([...trades(6), ...trades(4, { price: -1 }, 'bad')]))
  const pipe = '{ name: deals, source: file, contract: market_events, input: deals.ndjson }'
  await folder.write('pipes/sample.yaml', `pipes:\n  - ${pipe}\n`)
  lake = await openLake({ folder: folder.folder })
  await lake.run({ runId: 'bad' })
})
afterAll(() => folder.remove())

describe('a lake that a program opened', () => {
  it.each([
    ['nothing', () => lake.quarantine.release({}, ADA), /Say what to release/],
    ['neither rows nor holds', () => lake.quarantine.discard({ all: true }, ADA), /rows or held batches/],
    [
      'no reason',
      () => lake.quarantine.release({ kind: 'rows', all: true }, { ...ADA, reason: ' ' }),
      /needs a reason/,
    ],
    ['nobody', () => lake.quarantine.replay({ all: true }, { by: '' }), /Nobody is named who decides/],
    ['no breaker', () => lake.breakers.reset({}, { by: 'ada' }), /Say which breakers/],
    ['no reason to trip', () => lake.breakers.trip({ all: true }, { ...ADA, reason: '' }), /needs a reason/],
  ])('refuses a decision that names %s', async (_, decide, words) => {
    const thrown = await decide().then(
      () => undefined,
      (cause: unknown) => cause,
    )
    expect(thrown).toMatchObject({ code: 'SLUICE_ARGUMENT_INVALID', message: expect.stringMatching(words) })
  })

  it('shows quality figures, held batches and breakers', async () => {
    const { figures } = await lake.quality({ dataset: 'market_events', failed: true, withoutEchoes: true })
    expect(figures).toMatchObject([{ pipe: 'deals', rule: '*', failed: 4, verdict: 'fail' }])
    const { holds, groups, rows, more } = await lake.quarantine.list()
    expect([holds.length, groups[0]?.rows, rows.length, more]).toEqual([1, 4, 4, false])
    expect(await lake.quarantine.list({ kind: 'rows' }, 3)).toMatchObject({ holds: [], more: true })
    expect(await lake.quarantine.show(holds[0]!.id)).toMatchObject({ kind: 'hold', hold: { pipe: 'deals' } })
    expect(await lake.breakers.list()).toMatchObject([{ pipe: 'deals', state: 'open' }])
  })

  it('carries out what is decided, with who and why', async () => {
    const released = await lake.quarantine.release({ kind: 'holds', pipe: 'deals' }, ADA)
    expect(released).toMatchObject({ outcome: 'decided', record: { pipes: [{ accepted: 6 }] } })
    expect(await lake.quarantine.discard({ rule: 'price_positive' }, ADA)).toMatchObject({ outcome: 'decided' })
    expect(await lake.quarantine.list()).toMatchObject({ holds: [], groups: [] })
    expect((await lake.breakers.reset({ pipe: 'deals' }, { by: 'ada' })).changes).toMatchObject([{ to: 'closed' }])
    const { changes, record } = await lake.breakers.trip({ dataset: 'market_events' }, ADA)
    expect([changes, record?.decision]).toMatchObject([
      [{ pipe: 'deals', to: 'open' }],
      { by: 'ada', reason: 'checked' },
    ])
    const { rows } = await lake.query('SELECT move, decided_by FROM ledger.decisions ORDER BY decided_at')
    expect(rows.map(({ move }) => move)).toEqual(['release', 'discard', 'reset', 'trip'])
  })
})
