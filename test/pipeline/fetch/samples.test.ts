import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ProjectFolder, projectFolder } from '../../support/lakes.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

it('keeps two samples of one kind apart: each capture holds what became its rows', async () => {
  const sample = folder.project.pipes.find(({ source }) => source === 'sample.bars')!
  const pipes = ['1', '2'].map(seed => ({ ...sample, name: `market-${seed}`, params: { seed } }))
  const interval = { startMs: Date.UTC(2025, 11, 1), endMs: Date.UTC(2025, 11, 4) }
  const rowsOf = async (own: typeof pipes) => {
    const lake = folder.lake({ models: [], pipes: own })
    await lake.run({ interval, backfill: { name: 'backfill-x' }, allowDqBreach: true })
    return lake.rows(
      'SELECT _capture_id, string_agg(close::VARCHAR, chr(10) ORDER BY ALL) AS closes FROM bronze.bars GROUP BY 1 ORDER BY 1',
    )
  }
  const alone = [...(await rowsOf([pipes[0]!])), ...(await rowsOf([pipes[1]!]))]
  expect(new Set(alone.map(({ closes }) => closes)).size).toBe(2)
  expect(await rowsOf(pipes)).toEqual(
    alone.toSorted((a, b) => (String(a['_capture_id']) < String(b['_capture_id']) ? -1 : 1)),
  )
})
