import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

it('takes a dataset with versions that was never written for one without rows', async () => {
  const lake = folder.lake({})
  await lake.run({ runId: 'bars', select: ['sample-bars'] })
  const record = await lake.derive({ asKnownAt: '2025-06-30', into: 'june' })
  expect(record.status).toBe('published')
  expect(await lake.rows('SELECT max(date)::VARCHAR AS newest FROM gold_june.risk_summary')).toEqual([
    { newest: '2025-06-29' },
  ])
})
