import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerOf, runHere } from '../../crash/command.js'
import { writeTinyProject } from '../../crash/tiny-project.js'

const project = mkdtempSync(join(tmpdir(), 'sluice-compacted-'))
const sluice = (...args: string[]) => answerOf([...args, '--project', project])
beforeAll(async () => {
  await writeTinyProject(project)
  for (const name of ['first', 'second'])
    await sluice('run', '--input', join(project, `${name}.ndjson`), '--contract', 'ticks', '--run-id', name)
  await sluice('compact')
})
afterAll(() => rmSync(project, { recursive: true }))

describe('a lake whose small files were joined', () => {
  it('is still what its captures give, to the byte', async () => {
    const joined = (await sluice('tables', 'bronze.ticks')) as { files: number; rows: number }
    expect(joined).toMatchObject({ files: 2, rows: 9 })
    expect(await sluice('verify')).toMatchObject({ verdict: 'ok' })
    expect(await sluice('replay')).toMatchObject({ outcome: 'unchanged' })
  })

  it('has lost the past when that is expired, and says so', async () => {
    await sluice('expire', '--older-than', 'PT0S', '--keep', '1')
    const { code, err } = await runHere(['query', 'FROM silver.ticks', '--as-of', 'first', '--project', project])
    expect([code, err]).toEqual([expect.any(Number), expect.stringContaining('SLUICE_SNAPSHOT_EXPIRED')])
    expect(await sluice('verify')).toMatchObject({ verdict: 'ok' })
  })
})
