import type { Detector, Parameter } from '../contract/detectors/detector.js'
import { DETECTORS } from '../contract/detectors/registry.js'

const SHAPES: Readonly<Record<Detector['shape'], string>> = {
  row: 'sees one row',
  series: 'sees a row in its series',
  batch: 'gives a figure for each pipe',
  records: 'gives a figure for each pipe, from the records as they came',
  datasets: 'gives a figure for each pipe, from its rows and those of another dataset',
}

/** The parts of the page of all detectors, made from their definitions. */
export function detectorsPage(): string[] {
  const rows = DETECTORS.map(
    ({ name, shape, catches }) => `| [\`${name}\`](#${name}) | ${SHAPES[shape]} | ${cell(catches)} |`,
  )
  return [
    'A detector is a test that Sluice brings. A contract asks for it by name in a `quality` entry and gives the thresholds:',
    [
      '```yaml',
      'quality:',
      '  - id: bad_tick',
      '    type: custom',
      '    engine: sluice',
      '    implementation: { detector: bad_tick, value: close, high: high, low: low, min_move: 0.15 }',
      '    severity: error',
      '```',
    ].join('\n'),
    'With `severity: error` a row that is found goes to quarantine, and a figure outside its limit holds its pipe; with `warn` it is counted and let through. Thresholds of the contract name a detector by the `id` of its entry, as any rule.',
    'A *series* is the rows with the same values in the columns of the custom property `series`; by default the key without the event time. A detector sees the good rows of the batch and what is published of the series in the same partitions and the nearest ones beside them. It judges the rows of the batch alone. See [ADR-0027](../adr/0027-detectors-see-the-series.md).',
    ['| detector | shape | catches |', '| --- | --- | --- |', ...rows].join('\n'),
    ...DETECTORS.flatMap(detectorParts),
  ]
}

function detectorParts({ name, shape, catches, passes, parameters }: Detector): string[] {
  const rows = Object.entries(parameters).map(
    ([key, parameter]) => `| \`${key}\` | ${parameter.kind} | ${defaultText(parameter)} | ${cell(parameter.doc)} |`,
  )
  return [
    `## ${name}`,
    `It ${SHAPES[shape]}. Catches: ${catches}`,
    `Lets pass: ${passes}`,
    rows.length === 0
      ? 'No parameters.'
      : ['| parameter | is | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n'),
  ]
}

function defaultText({ default: value, optional }: Parameter): string {
  if (value === undefined) return optional === true ? '' : 'must be given'
  return `\`${Array.isArray(value) ? value.join(', ') : String(value)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
