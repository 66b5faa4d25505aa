import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LineageEvent } from '../../../src/pipeline/openlineage/lineage-event.js'
import { serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { answerRates, says } from '../fetch/two-faced.js'
import { faultsOf } from '../openlineage/conformance.js'
import { dailyPipe, days, fill, pastLake } from './past-project.js'

let folder: ProjectFolder
let file: string
beforeAll(async () => {
  folder = await projectFolder()
  file = join(folder.folder, 'lineage.ndjson')
})
afterAll(() => folder.remove())

/** A pipe without a calendar, of a provider that answers so, in a project that tells of lineage. */
function telling(url: string): TestLake {
  const lake = pastLake(folder, [dailyPipe('rate', url)])
  const lineage = { namespace: 'desk', deadlineMs: 20_000, attempts: 1, file }
  return lake.with({ config: { ...lake.project.config, lineage } })
}

/** What was told since the last time. */
async function told(): Promise<LineageEvent[]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  await rm(file)
  expect(lines.flatMap(faultsOf)).toEqual([])
  return lines.map(line => JSON.parse(line) as LineageEvent)
}

const INTERVAL = { nominalStartTime: '2026-01-24T00:00:00.000Z', nominalEndTime: '2026-01-26T00:00:00.000Z' }

describe('what a backfill tells OpenLineage', () => {
  it('fails for no table that waits for the end of it, and leads from the provider to gold', async () => {
    const { url } = await serve(answerRates)
    expect((await fill(telling(url), days(6, 5))).gold.state).toBe('derived')
    const events = await told()
    const ends = events.filter(({ eventType }) => eventType !== 'START')
    expect(ends.filter(({ eventType }) => eventType !== 'COMPLETE')).toEqual([])
    const gold = ends.find(({ job }) => job.name === 'gold.fx_daily')!
    const silver = ends.find(({ job }) => job.name === 'silver.fx_rates')!
    const names = (datasets: LineageEvent['inputs']) => datasets.map(({ name }) => name)
    expect([names(silver.inputs), names(silver.outputs)]).toEqual([['bronze.fx_rates'], ['silver.fx_rates']])
    expect(names(gold.inputs)).toContain('silver.fx_rates')
    // Where its rows are, which is a table of versions.
    expect(silver.outputs[0]!.facets['dataSource']).toMatchObject({
      uri: expect.stringMatching(/silver\/fx_rates_versions$/),
    })
    const parts = events.filter(({ job, eventType }) => job.name === 'sluice.run' && eventType === 'START')
    expect(parts[0]!.run.facets['nominalTime']).toMatchObject(INTERVAL)
    expect(silver.run.facets['nominalTime']).toMatchObject(INTERVAL)
  })

  it('says of a run that nobody answered what the provider said', async () => {
    const { url } = await serve(says(500, 'down'))
    expect((await fill(telling(url), days(6, 5))).status).toBe('failed')
    const end = (await told()).at(-1)!
    expect([end.eventType, end.run.facets['errorMessage']]).toEqual([
      'FAIL',
      expect.objectContaining({ message: expect.stringMatching(/nothing was published; rate: unavailable: HTTP 500/) }),
    ])
  })
})
