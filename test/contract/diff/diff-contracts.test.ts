import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ContractChange } from '../../../src/contract/diff/change.js'
import { diffContracts } from '../../../src/contract/diff/diff-contracts.js'
import { loadContract } from '../../../src/contract/load-contract.js'
import { type DuckDbConnection, testDuckDb } from '../../support/duckdb.js'
import { contractText } from '../odcs-text.js'

let duckdb: DuckDbConnection
beforeAll(async () => {
  duckdb = await testDuckDb()
})
afterAll(() => duckdb.close())

type Edit = readonly [from: string, to: string]

const load = (edits: readonly Edit[]) =>
  loadContract(
    contractText(text =>
      edits.reduce((edited, [from, to]) => {
        if (!edited.includes(from)) throw new Error(`the contract has no ${from}`)
        return edited.replace(from, to)
      }, text),
    ),
    'contracts/rates.odcs.yaml',
  )

const diff = (before: readonly Edit[], after: readonly Edit[]) =>
  diffContracts(load(before), load(after), sql => duckdb.parse(sql))

const grades = (changes: readonly ContractChange[]) => changes.map(({ subject, grade }) => `${subject}: ${grade}`)

const NOTE = `      - name: note
        logicalType: string
`
const QUALITY = '    quality:\n      - id: positive'
const PROPERTY = '  - { property: partition, value: year }\n'
const property = (name: string, value: string): Edit => [
  PROPERTY,
  `${PROPERTY}  - { property: ${name}, value: ${value} }\n`,
]
const rule = (sql: string): Edit => ['implementation: mid > 0', `implementation: ${JSON.stringify(sql)}`]

describe('a contract compared with itself', () => {
  it('has no change, whatever its layout and the spelling of its SQL', async () => {
    const { changes, grade, version } = await diff(
      [],
      [
        ['mid > 0', '( MID )   >  0'],
        ['rate_date + INTERVAL 1 DAY', 'rate_date + interval 1 day'],
      ],
    )
    expect(changes).toEqual([])
    expect([grade, version.verdict]).toEqual(['none', 'ok'])
  })
})

describe('a change of columns', () => {
  const NEW = '      - { name: venue, logicalType: string }\n'
  const renamed = (from: string) =>
    `      - { name: remark, logicalType: string, customProperties: [{ property: renamedFrom, value: ${from} }] }\n`

  it.each<[string, readonly Edit[], string[]]>([
    ['added optional', [[NOTE, NOTE + NEW]], ['column venue: compatible']],
    ['added required', [[NOTE, NOTE + NEW.replace(' }', ', required: true }')]], ['column venue: breaking']],
    ['removed', [[NOTE, '']], ['column note: breaking']],
    ['renamed by renamedFrom', [[NOTE, renamed('note')]], ['column remark: compatible']],
    ['renamed without it', [['name: note', 'name: remark']], ['column note: breaking', 'column remark: compatible']],
    [
      'renamed from a column that there never was',
      [[NOTE, renamed('other')]],
      ['column note: breaking', 'column remark: compatible'],
    ],
    ['made wider', [['decimal(18,8)', 'decimal(20,8)']], ['column mid: compatible']],
    ['made narrower', [['decimal(18,8)', 'decimal(16,8)']], ['column mid: breaking']],
    ['given another scale', [['decimal(18,8)', 'decimal(28,10)']], ['column mid: breaking']],
    ['retyped', [[NOTE, NOTE.replace('string', 'integer')]], ['column note: breaking']],
    ['made JSON', [[NOTE, `${NOTE}        physicalType: json\n`]], ['column note: compatible']],
    ['required', [[NOTE, `${NOTE}        required: true\n`]], ['column note: compatible']],
    ['made optional', [['        required: true\n', '']], ['column mid: breaking']],
    ['given another unit', [['value: PLN', 'value: EUR']], ['unit of column mid: breaking']],
    [
      'given a unit',
      [[NOTE, `${NOTE}        customProperties: [{ property: unit, value: words }]\n`]],
      ['unit of column note: compatible'],
    ],
    ['described', [[NOTE, `${NOTE}        description: What was said.\n`]], ['description of column note: none']],
  ])('%s', async (_, edits, expected) => {
    expect(grades((await diff([], edits)).changes)).toEqual(expected)
  })

  it('names a column that may be meant where one is gone', async () => {
    const { changes } = await diff([], [['name: note', 'name: remark']])
    expect(changes[0]?.reason).toContain('renamedFrom: note')
  })

  it('in their order says nothing', async () => {
    const moved = [
      [NOTE, ''],
      ['      - name: mid\n', `${NOTE}      - name: mid\n`],
    ] as const
    const { changes } = await diff([], moved)
    expect(grades(changes)).toEqual(['order of columns: none'])
  })

  it('is followed into key, event time, rules and limits: a rename is one change', async () => {
    const limit = [
      '        logicalType: number\n',
      '        logicalType: number\n        logicalTypeOptions: { minimum: 0 }\n',
    ] as const
    const rename = (text: string): Edit[] => [
      ['name: rate_date\n', `name: day\n        customProperties: [{ property: renamedFrom, value: rate_date }]\n`],
      ['eventTime, value: rate_date', 'eventTime, value: day'],
      ['value: rate_date +', 'value: day +'],
      ['name: mid\n', `name: price\n`],
      [
        '{ property: unit, value: PLN }',
        '{ property: unit, value: PLN }\n          - { property: renamedFrom, value: mid }',
      ],
      ['implementation: mid', `implementation: ${text}`],
      ['WHERE mid', 'WHERE price'],
    ]
    const { changes } = await diff([limit], [...rename('price'), limit])
    expect(grades(changes)).toEqual(['column day: compatible', 'column price: compatible'])
  })
})

describe('a change of terms', () => {
  it.each<[string, readonly Edit[], readonly Edit[], string[]]>([
    [
      'the key',
      [],
      [['        primaryKey: true\n        primaryKeyPosition: 2\n', '        required: true\n']],
      ['key: breaking'],
    ],
    [
      'the order of the key',
      [],
      [
        ['Position: 2', 'Position: 3'],
        ['Position: 1', 'Position: 4'],
      ],
      ['key: compatible'],
    ],
    ['the grain', [], [['value: year', 'value: month']], ['partition grain: breaking']],
    ['the layer', [], [property('layer', 'gold'), property('mergePolicy', 'first')], ['layer: breaking']],
    ['the merge policy', [], [property('mergePolicy', 'latest')], ['merge policy: breaking']],
    ['the order of merging', [], [property('mergeOrderBy', 'mid')], ['merge order: breaking']],
    ['a vintage', [], [property('vintage', 'rate_date')], ['vintage: breaking']],
    ['the publication rule', [], [['INTERVAL 1 DAY', 'INTERVAL 2 DAY']], ['publication rule: breaking']],
    ['what is not final', [], [property('notFinal', 'mid = 1')], ['rule of what is not final: breaking']],
    [
      'more lateness',
      [property('allowedLateness', 'P1D')],
      [property('allowedLateness', 'PT48H')],
      ['allowed lateness: breaking'],
    ],
    [
      'less lateness',
      [property('allowedLateness', 'P1D')],
      [property('allowedLateness', 'PT6H')],
      ['allowed lateness: compatible'],
    ],
    ['a calendar', [], [property('calendar', 'NBP')], ['calendar: compatible']],
    ['another calendar', [property('calendar', 'NBP')], [property('calendar', 'XWAR')], ['calendar: breaking']],
    [
      'words',
      [],
      [
        ['purpose: Rates of a central bank.', 'purpose: Rates.'],
        ['status: active', 'status: deprecated'],
      ],
      ['status: none', 'description: none'],
    ],
  ])('%s', async (_, before, after, expected) => {
    expect(grades((await diff(before, after)).changes)).toEqual(expected)
  })

  it('that no grading knows is shown, and counts as breaking', async () => {
    const [before, after] = [load([]), { ...load([]), detectors: [{ id: 'spike' }] }]
    const { changes } = await diffContracts(before, after, sql => duckdb.parse(sql))
    expect(changes).toMatchObject([{ subject: 'detectors', grade: 'breaking', after: '[{"id":"spike"}]' }])
    expect(changes[0]?.reason).toContain('cannot be graded')
  })
})

describe('a change of rules', () => {
  it.each<[string, string, string, 'compatible' | 'breaking' | undefined]>([
    ['a higher limit', 'mid > 0', 'mid > 0.5', 'compatible'],
    ['a lower limit', 'mid > 0', 'mid > -0.01', 'breaking'],
    ['the limit let in', 'mid > 0', 'mid >= 0', 'breaking'],
    ['the limit the other way round', 'mid > 0', '0 < mid', undefined],
    ['one more condition', 'mid > 0', "mid > 0 AND code <> ''", 'compatible'],
    ['one condition less', "mid > 0 AND code <> ''", 'mid > 0', 'breaking'],
    ['conditions in another order', "mid > 0 AND code <> ''", "code <> '' AND mid > 0", undefined],
    ['one more way to be good', 'mid > 0', "mid > 0 OR code = 'WTI'", 'breaking'],
    ['one way less', "mid > 0 OR code = 'WTI'", 'mid > 0', 'compatible'],
    ['a narrower range', 'mid BETWEEN 0 AND 10', 'mid BETWEEN 1 AND 9.5', 'compatible'],
    ['a range for two limits', 'mid BETWEEN 0 AND 10', 'mid >= 0 AND mid <= 10', undefined],
    ['a range that moved', 'mid BETWEEN 0 AND 10', 'mid BETWEEN 5 AND 15', 'breaking'],
    ['fewer values', "code IN ('USD', 'EUR')", "code = 'USD'", 'compatible'],
    ['more values', "code IN ('USD', 'EUR')", "code IN ('USD', 'EUR', 'GBP')", 'breaking'],
    ['other values', "code IN ('USD', 'EUR')", "code IN ('USD', 'GBP')", 'breaking'],
    ['a later day', "rate_date >= DATE '1990-01-01'", "rate_date >= DATE '2000-01-01'", 'compatible'],
    ['NOT of more', 'NOT (mid > 10)', 'NOT (mid > 5)', 'compatible'],
    ['digits beyond what JSON holds', 'mid < 9007199254740993', 'mid < 9007199254740992', 'breaking'],
    ['something else', 'mid > 0', 'ln(abs(mid)) > 0', 'breaking'],
  ])('%s', async (_, before, after, expected) => {
    const { changes } = await diff([rule(before)], [rule(after)])
    expect(grades(changes)).toEqual(expected === undefined ? [] : [`rule positive: ${expected}`])
  })

  it('that cannot be told is said so', async () => {
    const { changes } = await diff([rule('mid > 0')], [rule('mid % 2 = 0')])
    expect(changes[0]?.reason).toContain('cannot be graded')
  })

  const ADDED = (severity: string) =>
    `${QUALITY.replace('      - id: positive', '')}      - { id: small, type: custom, engine: sluice, implementation: mid < 9, severity: ${severity} }\n      - id: positive`

  it.each<[string, readonly Edit[], readonly Edit[], string[]]>([
    ['added', [], [[QUALITY, ADDED('error')]], ['rule small: compatible']],
    ['removed', [[QUALITY, ADDED('error')]], [], ['rule small: breaking']],
    ['of a warning removed', [[QUALITY, ADDED('warn')]], [], ['rule small: compatible']],
    ['made a warning', [[QUALITY, ADDED('error')]], [[QUALITY, ADDED('warn')]], ['severity of rule small: breaking']],
    ['made an error', [[QUALITY, ADDED('warn')]], [[QUALITY, ADDED('error')]], ['severity of rule small: compatible']],
    [
      'of a reference to another table',
      [],
      [
        [
          'instruments.instrument_id',
          'currencies.code\n            customProperties: [{ property: rule, value: unknown_instrument }]',
        ],
      ],
      ['rule unknown_instrument: breaking'],
    ],
    ['of a pattern', [], [['^[A-Z]{3}$', '^[A-Z]{3,4}$']], ['rule code_shape: breaking']],
    [
      'of aliases',
      [],
      [
        [
          'instruments.instrument_id',
          'instruments.instrument_id\n            customProperties: [{ property: aliasSource, value: note }]',
        ],
      ],
      ['rule unknown_instrument: compatible'],
    ],
  ])('%s', async (_, before, after, expected) => {
    expect(grades((await diff(before, after)).changes)).toEqual(expected)
  })
})

describe('a change of checks and thresholds', () => {
  const must = (text: string): Edit => ['mustBeGreaterThan: 20, severity: warn', `${text}, severity: error`]

  it.each<[string, readonly Edit[], readonly Edit[], string[]]>([
    [
      'a check that asks for more',
      [must('mustBeGreaterThan: 20')],
      [must('mustBeBetween: [21, 90]')],
      ['check rows: compatible'],
    ],
    [
      'a check that asks for less',
      [must('mustBeGreaterThan: 20')],
      [must('mustBeGreaterThan: 10')],
      ['check rows: breaking'],
    ],
    [
      'a check that asks for something else',
      [must('mustBeBetween: [5, 10]')],
      [must('mustBeBetween: [7, 12]')],
      ['check rows: breaking'],
    ],
    ['a check that is one thing less', [must('mustBeLessThan: 20')], [must('mustNotBe: 20')], ['check rows: breaking']],
    ['a check of another figure', [], [['mid > 1000', 'mid > 2000']], ['check none_above: breaking']],
    ['a check that says the same', [], [['WHERE mid > 1000', 'where  mid > 1000 -- zloty']], []],
    ['a warning', [], [['mustBeGreaterThan: 20', 'mustBeGreaterThan: 10']], ['check rows: compatible']],
    ['a lower threshold', [], [['maxShare: 0.05', 'maxShare: 0.01']], ['threshold of *: compatible']],
    ['a higher threshold', [], [['maxShare: 0.05', 'maxShare: 0.5']], ['threshold of *: breaking']],
    [
      'a threshold of rows beside it',
      [],
      [['maxShare: 0.05', 'maxShare: 0.05, maxRows: 7']],
      ['threshold of *: compatible'],
    ],
    ['a threshold of rows for it', [], [['maxShare: 0.05', 'maxRows: 7']], ['threshold of *: breaking']],
    [
      'a threshold that only warns',
      [],
      [['maxShare: 0.05', 'maxShare: 0.05, severity: warn']],
      ['threshold of *: breaking'],
    ],
    ['a threshold that opens the breaker', [], [['maxShare: 0.05', 'maxShare: 0.05, severity: breaker']], []],
    [
      'a check that holds in another way',
      [must('mustBeGreaterThan: 20')],
      [['mustBeGreaterThan: 20, severity: warn', 'mustBeGreaterThan: 20, severity: hold']],
      ['severity of check rows: none'],
    ],
    ['terms of the breaker', [], [property('breaker', '{ failures: 5 }')], ['breaker: none']],
    ['another series', [], [property('series', '[note]')], ['series: none']],
    [
      'no threshold',
      [],
      [['      - { rule: "*", maxShare: 0.05 }', '      - { rule: positive, maxShare: 0.05 }']],
      ['threshold of *: breaking', 'threshold of positive: compatible'],
    ],
  ])('%s', async (_, before, after, expected) => {
    expect(grades((await diff(before, after)).changes)).toEqual(expected)
  })
})

describe('a version number', () => {
  const BREAKING: Edit = [NOTE, '']
  const MORE: Edit = [NOTE, `${NOTE}      - { name: venue, logicalType: string }\n`]
  const to = (version: string): Edit => ['version: 1.2.3', `version: ${version}`]

  it.each<[string, readonly Edit[], string, string]>([
    ['a breaking change under the same major', [BREAKING, to('1.3.0')], 'raise', '2.0.0'],
    ['a breaking change under a new one', [BREAKING, to('2.0.0')], 'ok', '2.0.0'],
    ['a compatible change under the same minor', [MORE, to('1.2.4')], 'advised', '1.3.0'],
    ['a compatible change under a new one', [MORE, to('1.3.0')], 'ok', '1.3.0'],
    ['a lower version', [to('1.2.2')], 'lowered', '1.2.3'],
    ['a lower major', [BREAKING, to('0.9.0')], 'lowered', '2.0.0'],
    ['a higher version of the same', [to('3.0.0')], 'ok', '3.0.0'],
  ])('of %s', async (_, edits, verdict, expected) => {
    const { version } = await diff([], edits)
    const { major, minor, patch } = version.expected
    expect([version.verdict, `${major}.${minor}.${patch}`]).toEqual([verdict, expected])
  })
})
