import { cp, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportFindings } from '../../src/cli/findings-command.js'
import { doctor } from '../../src/pipeline/doctor/doctor.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

let folder: ProjectFolder
let lake: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  lake = folder.lake()
  await lake.run({ input: [await folder.write('input.ndjson', ndjson(trades(5)))] })
})
afterAll(() => folder.remove())

describe('doctor', () => {
  it('finds nothing in a sound lake', async () => {
    expect(reportFindings(await doctor(lake.project), false, fakeTerminal())).toBe(0)
  })

  it('names a data file that was cut, and ends as for a damaged lake', async () => {
    const cut = folder.lake()
    await cp(lake.root, cut.root, { recursive: true })
    const path = Object.keys(await lake.files('silver')).find(name => name.endsWith('.parquet'))!
    await truncate(join(cut.root, path), 500)
    const findings = await doctor(cut.project)
    expect(findings.filter(({ status }) => status === 'fail')).toMatchObject([
      { subject: 'silver.market_events', code: 'SLUICE_DATA_FILE_CORRUPT', detail: expect.stringContaining(path) },
    ])
    expect(reportFindings(findings, false, fakeTerminal())).toBe(7)
  })

  it('says that the mark of the layout is gone, and looks at the rest', async () => {
    const unmarked = folder.lake()
    await cp(lake.root, unmarked.root, { recursive: true })
    await rm(join(unmarked.root, '_layout.json'))
    const findings = await doctor(unmarked.project)
    expect(findings.filter(({ status }) => status !== 'ok')).toMatchObject([
      { subject: 'lake', status: 'fail', detail: expect.stringContaining('_layout.json') },
    ])
    expect(findings.map(({ subject }) => subject)).toContain('silver.market_events')
    expect((await doctor(folder.lake().project)).map(({ detail }) => detail)).toContain('not written to yet')
  })
})
