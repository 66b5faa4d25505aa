import type { DatasetRecord, RestatedRecord } from '../pipeline/record/run-record.js'
import { countText, plural } from './figures.js'
import { oneLine } from './one-line.js'

/** What a name may take of a line. */
const SERIES_WIDTH = 80

type Change = RestatedRecord['largest'][number]

/** What providers restated, in lines: a sum for each dataset, then its largest changes. */
export function restatedLines(datasets: readonly DatasetRecord[]): string[] {
  return datasets.flatMap(({ dataset, restated }) => {
    if (restated === undefined) return []
    const { series, rows, changes, largest } = restated
    const more = changes - largest.length
    return [
      `${dataset}: ${countText(series)} series restated, ${plural(rows, 'row')}`,
      ...largest.map(change => `  ${changeText(change)}`),
      ...(more > 0 ? [`  … and ${countText(more)} more (gold.restatements has all)`] : []),
    ]
  })
}

/** One change of a series: `equity:XWAR:PKN 1d back-adjusted by 0.9209 up to 2022-08-30, 751 rows`. */
export function changeText(change: Change): string {
  const { series, rows, fate } = change
  const held = fate === 'held' || fate === 'conflict' ? ` (${fate === 'held' ? 'held' : 'in conflict'})` : ''
  return `${oneLine(series, SERIES_WIDTH)} ${kindText(change)}, ${plural(rows, 'row')}${held}`
}

function kindText({ kind, announced, ratio, first_event, last_event }: Change): string {
  const [first, last] = [first_event, last_event].map(time => time.split('T')[0])
  const range = first === last ? `on ${first}` : `from ${first} to ${last}`
  const by = ratio === null ? '' : ` by ${Number(ratio.toPrecision(4))}`
  switch (kind) {
    case 'back_adjustment':
      return `back-adjusted${by} up to ${last}`
    case 'split':
      return `adjusted for a split${by} up to ${last}`
    case 'redenomination':
      return `redenominated${by} up to ${last}`
    case 'unit_switch':
      return `stated in other units${by} ${range}`
    case 'vendor_error':
      return `in error at its provider, now or before, ${range}`
    default:
      return `${announced ? 'revised by a new vintage' : 'revised'} ${range}`
  }
}
