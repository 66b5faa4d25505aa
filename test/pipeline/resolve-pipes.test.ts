import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/core/errors.js'
import { quoteText } from '../../src/engine/sql-text.js'
import { fillParameters } from '../../src/pipeline/pipes/fill-parameters.js'
import { type PipeRequest, resolvePipes } from '../../src/pipeline/pipes/resolve-pipes.js'
import { selectPipes } from '../../src/pipeline/pipes/select-pipes.js'
import { contractOf, pipesOf, projectOf } from '../support/projects.js'

const NOTHING: PipeRequest = { select: [], params: {}, input: [] }

async function refusal(work: () => unknown): Promise<SluiceError> {
  try {
    await work()
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(SluiceError)
    return thrown as SluiceError
  }
  throw new Error('nothing was refused')
}

describe('selectPipes', () => {
  const pipes = pipesOf(
    'name: alpha, tags: [daily]',
    'name: beta, tags: [daily, slow]',
    'name: gamma, params: { p: null }',
  )
  const names = (patterns: readonly string[]) => selectPipes(pipes, { select: patterns }).map(pipe => pipe.name)

  it('takes names, patterns, tags and groups, each pipe once and in declared order', () => {
    expect(names(['gamma', 'alpha'])).toEqual(['alpha', 'gamma'])
    expect(names(['*a', 'alpha'])).toEqual(['alpha', 'beta', 'gamma'])
    expect(names(['?eta'])).toEqual(['beta'])
    expect(names(['tag:slow'])).toEqual(['beta'])
    expect(names(['group'])).toEqual(['alpha', 'beta', 'gamma'])
  })

  it('leaves out pipes that need a parameter when nothing is selected', () => {
    expect(names([])).toEqual(['alpha', 'beta'])
  })

  it('does not take a dot for any character', () => {
    expect(() => names(['al.ha'])).toThrow(/No pipe/)
  })

  it('names the nearest name for a pattern that finds nothing', async () => {
    const error = await refusal(() => names(['alpha', 'betta']))
    expect(error.code).toBe('SLUICE_PIPE_UNKNOWN')
    expect(error.message).toContain('Did you mean "beta"?')
  })
})

describe('fillParameters', () => {
  const [pipe] = pipesOf(
    'name: a, params: { path: null, ccy: USD, label: "{ccy}-x" }, map: { close: "x || {ccy}", instrument_id: "{label}" }',
  )
  const filled = (given: Record<string, string>) => fillParameters({ ...pipe!, input: ['{path}/a.csv'] }, given)

  it('puts values into paths as they are and into SQL as texts', () => {
    expect(filled({ path: '/in' })).toMatchObject({
      params: { path: '/in', ccy: 'USD', label: 'USD-x' },
      input: ['/in/a.csv'],
      map: { close: "x || 'USD'", instrument_id: "'USD-x'" },
    })
  })

  it('says which --param is missing', async () => {
    const error = await refusal(() => filled({}))
    expect(error.code).toBe('SLUICE_ARGUMENT_INVALID')
    expect(error.next).toBe('Add --param path=VALUE.')
  })

  it('does not look for placeholders in a value that the user gave', () => {
    expect(filled({ path: '{ccy}', ccy: '{path}' })).toMatchObject({
      params: { path: '{ccy}', ccy: '{path}' },
      map: { close: "x || '{path}'" },
    })
  })

  it('cannot be made to change the SQL round a placeholder, whatever the value', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter(text => !text.includes('\0')),
        ccy => {
          expect(filled({ path: 'p', ccy }).map['close']).toBe(`x || ${quoteText(ccy)}`)
        },
      ),
    )
  })

  it('refuses a placeholder within quotes, where quoting would go wrong', async () => {
    const [quoted] = pipesOf(`name: a, params: { ccy: USD }, map: { close: "'in {ccy}'" }`)
    const error = await refusal(() => fillParameters(quoted!, {}))
    expect(error.next).toContain("'text' || {ccy}")
  })

  it('leaves braces of SQL itself alone: patterns, structs and quoted names', () => {
    const sql = `regexp_extract(x, '[0-9]{4}{n}') || {'a': 1}.a || "{col}" || {ccy}`
    const [braces] = pipesOf('name: a, params: { ccy: USD }')
    const { map } = fillParameters({ ...braces!, map: { close: sql } }, {})
    expect(map['close']).toBe(sql.replace('{ccy}', "'USD'"))
  })

  it('names the nearest parameter for a placeholder that is none', async () => {
    const [typo] = pipesOf('name: a, params: { path: x }, map: { close: "{pth}" }')
    const error = await refusal(() => fillParameters(typo!, {}))
    expect(error.code).toBe('SLUICE_PIPE_INVALID')
    expect(error.message).toContain('Did you mean "path"?')
  })

  it('does not take names that every object has for parameters', async () => {
    const [odd] = pipesOf('name: a, map: { close: "{constructor}" }')
    expect((await refusal(() => fillParameters(odd!, {}))).code).toBe('SLUICE_PIPE_INVALID')
  })
})

describe('resolvePipes', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-pipes-'))
  })

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  it('finds input files relative to the project, in order of their names, and no hidden ones', async () => {
    await mkdir(join(folder, 'in/x'), { recursive: true })
    await mkdir(join(folder, 'in/y'), { recursive: true })
    for (const name of ['in/x/b.csv', 'in/x/a.csv', 'in/y/c.csv', 'in/x/.d.csv', 'in/x/e.txt']) {
      await writeFile(join(folder, name), '')
    }
    const [declared] = pipesOf('name: a')
    const project = projectOf({ folder, pipes: [{ ...declared!, input: ['in/*/*.csv', 'in/x/a.csv'] }] })
    const [pipe] = await resolvePipes(project, NOTHING)
    expect(pipe?.input).toEqual(['in/x/a.csv', 'in/x/b.csv', 'in/y/c.csv'].map(name => join(folder, name)))
  })

  it('takes a file whose name holds a star for itself', async () => {
    await writeFile(join(folder, 'a*.csv'), '')
    await writeFile(join(folder, 'ab.csv'), '')
    const [pipe] = await resolvePipes(projectOf({ folder }), { ...NOTHING, input: ['a*.csv'] })
    expect(pipe?.input).toEqual([join(folder, 'a*.csv')])
  })

  it('refuses a pattern that matches nothing', async () => {
    const request = { ...NOTHING, input: ['none/*.csv'] }
    expect((await refusal(() => resolvePipes(projectOf({ folder }), request))).code).toBe('SLUICE_INPUT_MISSING')
  })

  it('reads --input with the contract of the command, else of sluice.yaml, else the only one there is', async () => {
    const project = projectOf({ contracts: [contractOf('bars', ['x']), contractOf('events', ['x'])] })
    const config = { ...project.config, input: { contract: 'events' } }
    const contractOfRun = async (parts: Partial<typeof project>, contract?: string) =>
      (await resolvePipes({ ...project, ...parts }, { ...NOTHING, input: ['/f.json'], contract }))[0]?.contract
    expect(await contractOfRun({ config }, 'bars')).toBe('bars')
    expect(await contractOfRun({ config })).toBe('events')
    expect(await contractOfRun({ contracts: [contractOf('bars', ['x'])] })).toBe('bars')
    const error = await refusal(() => contractOfRun({}))
    expect(error.message).toContain('--contract bars | events')
  })

  it('refuses files for a contract that is unknown, or that a model fills', async () => {
    const ask = (contract: string) => () => resolvePipes(projectOf(), { ...NOTHING, input: ['/f'], contract })
    expect((await refusal(ask('barz'))).message).toContain('Did you mean "bars"?')
    expect((await refusal(ask('risk'))).code).toBe('SLUICE_ARGUMENT_INVALID')
  })

  it.each([
    ['--input with --select', { input: ['/f'], select: ['a'] }],
    ['--input with --param', { input: ['/f'], params: { a: '1' } }],
    ['--contract without --input', { contract: 'bars' }],
    ['a parameter that no selected pipe has', { params: { a: '1' } }],
  ])('refuses %s', async (_, parts) => {
    const error = await refusal(() => resolvePipes(projectOf({ pipes: pipesOf('name: a') }), { ...NOTHING, ...parts }))
    expect(error.code).toBe('SLUICE_ARGUMENT_INVALID')
  })
})
