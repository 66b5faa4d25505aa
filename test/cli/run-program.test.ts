import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../src/cli/run-command.js'
import { runProgram } from '../../src/cli/run-program.js'
import { fakeTerminal } from '../support/fake-terminal.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-cli-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** One command line in the test's folder. */
async function sluice(...args: string[]) {
  const terminal = fakeTerminal({ folder, env: {} })
  const code = await runProgram(args, terminal)
  return { code, out: terminal.out(), err: terminal.err() }
}

describe('the command line', () => {
  it.each([
    ['no argument', []],
    ['--help', ['--help']],
    ['help', ['help']],
  ])('shows the commands for %s', async (_, args) => {
    const { code, out, err } = await sluice(...args)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const name of ['init', 'run', 'query', 'tables', 'runs', 'contract', 'validate', 'doctor']) {
      expect(out).toContain(`  ${name}`)
    }
  })

  it('shows the subcommands of a command that needs one', async () => {
    const { code, out } = await sluice('contract')
    expect(code).toBe(0)
    expect(out).toContain('lint')
  })

  it('prints its version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(await sluice('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })

  it.each([
    ['an unknown command, with the nearest one', ['rum'], 'Did you mean'],
    ['an unknown option, with the nearest one', ['run', '--selct', 'x'], '--select'],
    ['a missing argument', ['query'], 'sql'],
    ['an argument too many', ['tables', 'a', 'b'], 'too many'],
    ['an unknown output', ['tables', '--output', 'xml'], 'table, json'],
    ['a parameter without a value', ['run', '--param', 'path'], 'name=value'],
    ['a parameter without a name', ['run', '--param', '=x'], 'name=value'],
    ['a time without a zone', ['run', '--now', '2026-11-22T12:00:00'], '--now'],
    ['a day that does not exist', ['run', '--now', '2026-13-01'], '--now'],
    ['parquet without a file', ['query', 'SELECT 1', '--output', 'parquet'], 'needs a file'],
    ['a file without a format', ['query', 'SELECT 1', 'x.csv'], 'csv or parquet'],
  ])('refuses %s with exit 2 and says what to do', async (_, args, hint) => {
    const { code, out, err } = await sluice(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^error SLUICE_ARGUMENT_INVALID: /)
    expect(err).toContain(hint)
    expect(err).toMatch(/\nnext: .+\n$/)
  })

  it('says how to get a project where there is none', async () => {
    const { code, err } = await sluice('tables')
    expect(code).toBe(2)
    expect(err).toContain('SLUICE_PROJECT_MISSING')
    expect(err).toContain('sluice init')
  })

  it('does not walk up from a folder that --project names', async () => {
    await writeFile(join(folder, 'sluice.yaml'), '')
    await mkdir(join(folder, 'inner'))
    expect((await sluice('tables', '--project', 'inner')).err).toContain('SLUICE_PROJECT_MISSING')
  })

  it.each([
    ['--output json', ['tables', '--output', 'json']],
    ['--output=json', ['tables', '--output=json']],
  ])('reports a failure as one JSON document on standard error with %s', async (_, args) => {
    const { code, out, err } = await sluice(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'SLUICE_PROJECT_MISSING', kind: 'invalid' } })
  })

  it('gives place and nearest key for a fault in a YAML file', async () => {
    await writeFile(join(folder, 'sluice.yaml'), 'lakee: x\n')
    const { code, err } = await sluice('tables')
    expect(code).toBe(2)
    expect(err).toContain('unknown key `lakee`, nearest is `lake`')
    expect(err).toContain('sluice.yaml:1:1')
  })
})

describe('exit codes of a run', () => {
  it('tell held and partial from published', () => {
    const codes = (['published', 'nothing_due', 'planned', 'held', 'partial'] as const).map(status =>
      exitCodeOf({ status }),
    )
    expect(codes).toEqual([0, 0, 0, 5, 8])
  })
})
