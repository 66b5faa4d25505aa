import { describe, expect, it } from 'vitest'
import type { SluiceError } from '../../src/core/errors.js'
import { checkPipes, parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { contractOf, pipesOf } from '../support/projects.js'

function refusal(work: () => unknown): SluiceError {
  try {
    work()
  } catch (thrown) {
    return thrown as SluiceError
  }
  throw new Error('nothing was refused')
}

const BARS = [contractOf('bars', ['instrument_id', 'close'])]

describe('parsePipes', () => {
  it('reads every key of a pipe and fills in what is left out', () => {
    const [full, plain] = parsePipes(
      `pipes:
  - name: archive
    source: file
    contract: bars
    params: { path: null, year: 2024, strict: true }
    input: "{path}/*.csv"
    format: csv
    encoding: windows-1250
    delimiter: ;
    decimal_comma: true
    header: false
    columns: [a, b]
    skip_lines: 2
    missing: [NA, ""]
    date_format: "%Y%m%d"
    map: { close: b }
    universe: open
    empty: allow
    capture: reference
    tags: [daily]
  - { name: sample, source: sample.bars, contract: bars }
`,
      'pipes/files.yaml',
    )
    expect(full).toMatchObject({
      group: 'files',
      tags: ['daily'],
      params: { path: null, year: '2024', strict: 'true' },
      input: ['{path}/*.csv'],
      map: { close: 'b' },
      universe: 'open',
      empty: 'allow',
      capture: 'reference',
      declaredIn: { file: 'pipes/files.yaml', line: 2, column: 5 },
    })
    expect(full?.dialect).toEqual({
      format: 'csv',
      encoding: 'windows-1250',
      delimiter: ';',
      quote: undefined,
      decimalComma: true,
      header: false,
      columns: ['a', 'b'],
      skipLines: 2,
      missing: ['NA', ''],
      dateFormat: '%Y%m%d',
    })
    expect(plain).toMatchObject({ input: [], params: {}, universe: 'closed', empty: 'refuse', capture: 'copy' })
  })

  it('names the nearest key and its place for an unknown key', () => {
    const error = refusal(() =>
      parsePipes('pipes:\n  - name: a\n    sourc: file\n    contract: bars\n', 'pipes/a.yaml'),
    )
    expect(error.code).toBe('SLUICE_PIPE_INVALID')
    expect(JSON.stringify(error)).toContain('`source`')
    expect(JSON.stringify(error)).toContain('pipes/a.yaml:3:5')
  })

  it('refuses a name that could leave a folder', () => {
    const text = 'pipes: [{ name: ../x, source: sample.bars, contract: bars }]'
    expect(refusal(() => parsePipes(text, 'pipes/a.yaml')).code).toBe('SLUICE_PIPE_INVALID')
  })

  it('names the sources that exist when another one is asked for', () => {
    const text = 'pipes: [{ name: x, source: sample.bar, contract: bars }]'
    expect(refusal(() => parsePipes(text, 'pipes/a.yaml')).message).toContain('sample.bars')
  })
})

describe('checkPipes', () => {
  it('refuses a name that is declared twice and says where the first is', () => {
    const error = refusal(() => checkPipes(pipesOf('name: a', 'name: b', 'name: a'), BARS))
    expect(error.message).toBe('Pipe a is declared twice, first in pipes/group.yaml:2')
    expect(error.place).toBe('pipes/group.yaml:4:5')
  })

  it('names the nearest contract for an unknown one', () => {
    const error = refusal(() => checkPipes(pipesOf('name: a'), [contractOf('bar', ['x'])]))
    expect(error.code).toBe('SLUICE_CONTRACT_UNKNOWN')
    expect(error.message).toContain('Did you mean "bar"?')
  })

  it('refuses a pipe into a gold contract: models fill it', () => {
    expect(refusal(() => checkPipes(pipesOf('name: a'), [contractOf('bars', ['x'], 'gold')])).code).toBe(
      'SLUICE_CONTRACT_UNKNOWN',
    )
  })

  it('names the nearest field for a mapped one that the contract lacks', () => {
    const error = refusal(() => checkPipes(pipesOf('name: a, map: { closs: x }'), BARS))
    expect(error.message).toContain('Did you mean "close"?')
  })

  it('refuses a file pipe without input and a sample with one', () => {
    const file = parsePipes('pipes: [{ name: f, source: file, contract: bars }]', 'p.yaml')
    expect(refusal(() => checkPipes(file, BARS)).message).toContain('needs `input`')
    const sample = parsePipes('pipes: [{ name: s, source: sample.bars, contract: bars, input: x }]', 'p.yaml')
    expect(refusal(() => checkPipes(sample, BARS)).message).toContain('does not read files')
  })
})
