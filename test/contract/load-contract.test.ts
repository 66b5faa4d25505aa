import { describe, expect, it } from 'vitest'
import { loadContract } from '../../src/contract/load-contract.js'
import { SluiceError } from '../../src/core/errors.js'
import { contractText } from './odcs-text.js'

const load = (from: string | RegExp, to: string) =>
  loadContract(
    contractText(text => text.replace(from, to)),
    'rates.odcs.yaml',
  )

function refusal(from: string | RegExp, to: string): { message: string; place: string | undefined; problems: unknown } {
  try {
    load(from, to)
  } catch (thrown) {
    if (!(thrown instanceof SluiceError)) throw thrown
    expect(thrown.code).toBe('SLUICE_CONTRACT_INVALID')
    return { message: thrown.message, place: thrown.place, problems: thrown.details['problems'] }
  }
  throw new Error('the contract was accepted')
}

describe('loadContract', () => {
  it('reads columns, key, rules, checks and terms', () => {
    const contract = loadContract(contractText(), 'rates.odcs.yaml')
    expect(contract).toMatchObject({
      dataset: 'rates',
      layer: 'silver',
      version: { major: 1, minor: 2, patch: 3 },
      primaryKey: ['code', 'rate_date'],
      eventTime: 'rate_date',
      partition: 'year',
      merge: { policy: 'first', orderBy: undefined },
      publication: 'rate_date + INTERVAL 1 DAY',
      thresholds: [{ rule: '*', maxShare: 0.05, maxRows: undefined }],
    })
    expect(contract.columns.map(({ name, type, required, unit }) => ({ name, type, required, unit }))).toEqual([
      { name: 'rate_date', type: { kind: 'date' }, required: true, unit: undefined },
      { name: 'code', type: { kind: 'string' }, required: true, unit: undefined },
      { name: 'mid', type: { kind: 'decimal', precision: 18, scale: 8 }, required: true, unit: 'PLN' },
      { name: 'note', type: { kind: 'string' }, required: false, unit: undefined },
    ])
    expect(contract.rules.map(rule => [rule.id, rule.severity, rule.test])).toEqual([
      [
        'unknown_instrument',
        'error',
        { kind: 'reference', column: 'code', table: 'instruments', target: 'instrument_id' },
      ],
      ['code_shape', 'error', { kind: 'expression', sql: `regexp_matches("code", '^[A-Z]{3}$')` }],
      ['positive', 'error', { kind: 'expression', sql: 'mid > 0' }],
    ])
    expect(contract.checks.map(check => [check.id, check.severity, check.must])).toEqual([
      ['rows', 'warn', { op: 'beGreaterThan', value: 20 }],
      ['none_above', 'error', { op: 'be', value: 0 }],
    ])
  })

  it('gives equal hashes to equal contracts, whatever their layout and file', () => {
    const one = loadContract(contractText(), 'a.yaml')
    const other = loadContract(
      contractText(text =>
        `# a comment\n${text}`.replace('{ property: unit, value: PLN }', '{ value: "PLN", property: unit }'),
      ),
      'b.yaml',
    )
    expect(other.hash).toBe(one.hash)
    expect(load('mid > 0', 'mid >= 0').hash).not.toBe(one.hash)
    expect(load('maxShare: 0.05', 'maxShare: 0.06').hash).not.toBe(one.hash)
  })

  it('takes a number without a physical type as decimal(38,18) and objects as JSON', () => {
    expect(load('        physicalType: decimal(18,8)\n', '').columns[2]?.type).toEqual({
      kind: 'decimal',
      precision: 38,
      scale: 18,
    })
    expect(
      load('- name: note\n        logicalType: string', '- name: note\n        logicalType: array').columns[3]?.type,
    ).toEqual({ kind: 'json' })
  })

  it('turns limits of the logical type into rules', () => {
    const contract = load(
      '        required: true\n',
      '        logicalTypeOptions: { exclusiveMinimum: 0, maximum: 1e-7 }\n',
    )
    expect(contract.rules.map(rule => [rule.id, rule.test]).slice(2, 4)).toEqual([
      ['exclusiveMinimum:mid', { kind: 'expression', sql: '"mid" > 0' }],
      ['maximum:mid', { kind: 'expression', sql: '"mid" <= 0.0000001' }],
    ])
  })

  it('turns a share of null values into a check of the batch, and none at all into a rule', () => {
    const share = load(
      '      - name: note\n',
      '      - name: note\n        quality: [{ id: n, metric: nullValues, unit: percent, mustBeLessThan: 5 }]\n',
    )
    expect(share.checks[0]).toMatchObject({ id: 'n', unit: 'percent', must: { op: 'beLessThan', value: 5 } })
    const none = load(
      '      - name: note\n',
      '      - name: note\n        quality: [{ metric: missingValues, arguments: { missingValues: [null, "", NA] }, mustBe: 0 }]\n',
    )
    expect(none.rules.find(rule => rule.id === 'missingValues:note')?.test).toEqual({
      kind: 'expression',
      sql: `("note" IS NOT NULL AND "note" NOT IN ('', 'NA'))`,
    })
  })

  it('names the nearest key of an unknown ODCS key, at its place, and nothing else', () => {
    expect(refusal('        required: true', '        reqired: true')).toEqual({
      message: 'unknown key `reqired`, nearest is `required`',
      place: 'rates.odcs.yaml:27:9',
      problems: ['rates.odcs.yaml:27:9: unknown key `reqired`, nearest is `required`'],
    })
  })

  it('refuses a second operator in a quality entry with one fault', () => {
    const { message, problems } = refusal('mustBeGreaterThan: 20', 'mustBeGreaterThan: 20, mustBeLessThan: 30')
    expect(message).toMatch(/^needs exactly one operator/)
    expect(problems).toHaveLength(1)
  })

  it.each([
    ['a duplicate key', 'status: active', 'status: active\nstatus: draft', 'status: draft', 'unique'],
    ['an older standard', 'v3.1.0', 'v3.0.2', 'v3.0.2', 'must be v3.1.0'],
    ['a version without patch', '1.2.3', '"1.2"', '"1.2"', 'major.minor.patch'],
    ['an unknown custom property', 'property: partition', 'property: partitoin', 'partitoin', 'nearest is `partition`'],
    ["another tool's property without its name", 'property: unit,', 'property: onBreach,', 'onBreach', 'acme.onBreach'],
    ['an unknown grain', 'value: year', 'value: yearly', 'yearly', '"hour"|"day"|"month"|"year"'],
    [
      'a missing event time',
      '  - { property: eventTime, value: rate_date }\n',
      '',
      'property: partition',
      'lacks `eventTime`',
    ],
    [
      'an event time that is no column',
      'value: rate_date }',
      'value: ratedate }',
      'ratedate',
      'nearest is `rate_date`',
    ],
    ['an event time of the wrong type', 'value: rate_date }', 'value: mid }', 'value: mid }', 'a timestamp or a date'],
    ['hours of a date', 'value: year', 'value: hour', 'eventTime', 'a date has no hours'],
    ['a binary float in silver', 'decimal(18,8)', 'double', 'double', 'no binary floats'],
    ['a decimal that is too wide', 'decimal(18,8)', 'decimal(39,8)', 'decimal(39,8)', 'unknown physicalType'],
    ['types that contradict each other', 'decimal(18,8)', 'boolean', 'boolean', 'does not keep logicalType number'],
    ['a column name that SQL would fold', '- name: note', '- name: Note', 'Note', 'lower case'],
    [
      'a second column of a name',
      '- name: note',
      '- { name: mid, logicalType: string }\n      - name: note',
      '{ name: mid',
      'a second column `mid`',
    ],
    ['an unknown severity', 'severity: warn', 'severity: fatal', 'fatal', 'known: warn, error, hold, breaker'],
    ['an unknown argument', 'arguments: { pattern:', 'arguments: { patern:', 'patern', 'nearest is `pattern`'],
    ['a pattern that RE2 cannot match', '^[A-Z]{3}$', '^(?=A)', '(?=A)', 'look-around'],
    ['a threshold of an unknown rule', 'rule: "*"', 'rule: positiv', 'rule: positiv', 'nearest is `positive`'],
    ['a threshold without a limit', ', maxShare: 0.05', '', 'rule: "*"', 'needs maxShare or maxRows'],
    ['two rules of one id', 'id: rows', 'id: positive', '- name: rates', 'two rules have the id `positive`'],
    ['a query that reads no batch', '{object}', 'rates', 'query: |', 'FROM {object}'],
    [
      'a rename from a column that is still there',
      'unit, value: PLN',
      'renamedFrom, value: note',
      'renamedFrom',
      'still stands here',
    ],
    ['a relationship to a whole table', 'instruments.instrument_id', 'instruments', 'to: instruments', '`to`'],
  ])('refuses %s at its line', (_what, from, to, anchor, message) => {
    const found = refusal(from, to)
    const line = contractText(text => text.replace(from, to))
      .split(anchor)[0]
      ?.split('\n').length
    expect(found.message).toContain(message)
    expect(found.place).toMatch(new RegExp(`^rates\\.odcs\\.yaml:${line}:\\d+$`))
  })

  it('refuses a contract without a key and one that is empty', () => {
    const keyless = (text: string) =>
      text
        .replaceAll(/ +primaryKey.*\n/g, '')
        .replaceAll('logicalType: date\n', 'logicalType: date\n        required: true\n')
    expect(() => loadContract(contractText(keyless), 'a.yaml')).toThrow(/every row needs a key/)
    expect(() => loadContract('', 'a.yaml')).toThrow(SluiceError)
  })

  it('lets the properties of other tools through', () => {
    const contract = load(
      '  - { property: partition',
      '  - { property: acme.costCentre, value: 17 }\n  - { property: partition',
    )
    expect(contract.hash).toBe(loadContract(contractText(), 'x').hash)
  })
})
