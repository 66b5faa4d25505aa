import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
  await sluice('run', '--run-id', 'first')
})
afterAll(() => folder.remove())

async function sluice(...args: string[]) {
  const terminal = fakeTerminal({ folder: folder.folder })
  const code = await runProgram(args, terminal)
  return { code, out: terminal.out(), err: terminal.err() }
}

const BARS = 'contracts/bars.odcs.yaml'

/** Changes the project's contract of bars; the old text stands in `old.yaml`. */
async function edit(...edits: readonly (readonly [string | RegExp, string])[]): Promise<void> {
  const path = join(folder.folder, BARS)
  const text = await readFile(path, 'utf8')
  await writeFile(join(folder.folder, 'old.yaml'), text)
  await writeFile(
    path,
    edits.reduce((edited, [from, to]) => edited.replace(from, to), text),
  )
}

describe('sluice contract diff and migrate', () => {
  it('walk from a change to the new table', async () => {
    expect(await sluice('contract', 'diff', 'bars')).toMatchObject({
      code: 0,
      out: 'bars  1.0.0 (the lake) to 1.0.0: no change\n',
    })
    const all = await sluice('contract', 'diff', '--output', 'json')
    expect(JSON.parse(all.out)).toContainEqual(
      expect.objectContaining({ dataset: 'fx_rates', before: null, after: '1.0.0', grade: 'none', changes: [] }),
    )

    await edit([/decimal\(38,18\)/g, 'decimal(28,8)'])
    const refused = await sluice('contract', 'diff', 'old.yaml', BARS)
    expect(refused).toMatchObject({ code: 5, err: '' })
    expect(refused.out).toContain('breaking    column close: another scale')
    expect(refused.out).toContain('it should be 2.0.0, not 1.0.0')
    expect(await sluice('run', '--run-id', 'refused')).toMatchObject({ code: 5, err: expect.stringContaining('2.0.0') })

    await edit(['version: 1.0.0', 'version: 2.0.0'])
    const json = JSON.parse((await sluice('contract', 'diff', 'bars', '--output', 'json')).out)
    expect(json).toMatchObject({
      dataset: 'bars',
      beside: 'the lake',
      before: '1.0.0',
      after: '2.0.0',
      grade: 'breaking',
    })
    expect(json.version).toEqual({ verdict: 'ok', expected: '2.0.0' })
    expect(json.changes[0]).toMatchObject({
      grade: 'breaking',
      about: 'shape',
      before: 'decimal(38,18)',
      after: 'decimal(28,8)',
    })

    const planned = await sluice('contract', 'migrate', 'bars', '--dry-run')
    expect(planned).toMatchObject({ code: 0, out: expect.stringContaining('would read 1 capture') })
    const done = JSON.parse((await sluice('contract', 'migrate', 'bars', '--output', 'json')).out)
    expect(done).toMatchObject({ dataset: 'bars', before: '1.0.0', after: '2.0.0', outcome: 'migrated', lost: [] })
    expect(done.record).toMatchObject({
      status: 'published',
      pipes: [{ pipe: 'sample-bars', in: 4814, accepted: 4803 }],
    })
    const again = await sluice('contract', 'migrate', 'bars')
    expect(again).toMatchObject({ code: 0, out: 'bars  1.0.0 to 2.0.0: nothing to migrate\n' })
    const rows = await sluice(
      'query',
      'SELECT (SELECT count(*) FROM silver.bars) AS new, count(*) AS old FROM silver.bars_v1',
      '--output',
      'json',
    )
    expect(JSON.parse(rows.out).rows).toEqual([{ new: '4803', old: '4803' }])
  })

  it('name captures that cannot be read again, with exit 8', async () => {
    await edit(['version: 2.0.0', 'version: 3.0.0'])
    await rm(join(folder.folder, 'pipes'), { recursive: true })
    const lost = await sluice('contract', 'migrate', 'bars')
    expect(lost.code).toBe(8)
    expect(lost.out).toContain('the pipe sample-bars is not declared any more')
    expect(await sluice('contract', 'migrate', 'bars', '--output', 'json')).toMatchObject({ code: 8 })
  })

  it.each<[string, string[], string]>([
    ['no such contract', ['contract', 'diff', 'brs', 'bars'], 'No contract is called "brs"'],
    ['no such file', ['contract', 'diff', 'none.yaml', BARS], 'There is no contract'],
    ['no contract', ['contract', 'diff', BARS, 'sluice.yaml'], 'sluice.yaml'],
    ['a dataset that there is not', ['contract', 'migrate', 'tick'], 'No contract is called "tick"'],
  ])('refuse %s', async (_, args, message) => {
    expect(await sluice(...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) })
  })
})
