import { formatPlace } from '../core/errors.js'
import type { RowDifference, TextRow } from '../pipeline/model-tests/compare-rows.js'
import type { TestOutcome } from '../pipeline/model-tests/test-models.js'
import { plural } from './figures.js'
import { oneLine } from './one-line.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import type { Terminal } from './terminal.js'

/** `sluice test [NAME…]`: 0 when all pass, 5 when one fails. */
export async function testCommand(
  patterns: readonly string[],
  options: ProjectOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { testModels } = await import('../pipeline/model-tests/test-models.js')
  const outcomes = await testModels(project, patterns)
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed').length
  if (json) writeJson(terminal, { tests: outcomes.length, failed, outcomes })
  else terminal.write(renderTests(outcomes, failed, terminal))
  return failed === 0 ? 0 : 5
}

const MOST_DIFFERENCES = 20

function renderTests(outcomes: readonly TestOutcome[], failed: number, { colors }: Terminal): string {
  if (outcomes.length === 0) return 'The project has no tests of models yet: write one in tests/.\n'
  const lines = outcomes.flatMap(test => {
    if (test.outcome === 'passed') return [`${colors.green('pass')}  ${test.model}  ${test.name}`]
    const shown = test.differences.slice(0, MOST_DIFFERENCES)
    const more = test.count - shown.length
    return [
      `${colors.red('FAIL')}  ${test.model}  ${test.name}  ${colors.dim(formatPlace(test.place))}`,
      ...(test.fault === undefined ? [] : [`      ${oneLine(test.fault)}`]),
      ...shown.flatMap(differenceLines).map(line => `      ${line}`),
      ...(more > 0 ? [`      … and ${plural(more, 'more difference')}`] : []),
    ]
  })
  const summary = `${plural(outcomes.length, 'test')}, ${failed === 0 ? 'all passed' : `${failed} failed`}`
  return `${lines.join('\n')}\n\n${failed === 0 ? colors.green(summary) : colors.red(summary)}\n`
}

function differenceLines(difference: RowDifference): string[] {
  switch (difference.kind) {
    case 'unexpected':
      return [`not expected: ${rowText(difference.row)}`]
    case 'missing':
      return [`not found:    ${rowText(difference.row)}  (${formatPlace(difference.place)})`]
    case 'different':
      return [
        `otherwise:    ${rowText(difference.row)}  (${formatPlace(difference.place)})`,
        ...difference.columns.map(
          ({ column, expected, found }) => `  ${column}: expected ${valueText(expected)}, found ${valueText(found)}`,
        ),
      ]
  }
}

function rowText(row: TextRow): string {
  return Object.entries(row)
    .map(([column, value]) => `${column} ${valueText(value)}`)
    .join(', ')
}

/** Without the zeros with which a decimal fills its digits. */
function valueText(value: string | null): string {
  if (value === null) return 'NULL'
  return oneLine(/^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value)
}
