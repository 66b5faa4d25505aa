import { nearestName } from '../core/nearest-name.js'
import type { Fault, Path } from '../core/yaml-document.js'
import type { OdcsSlaProperty } from './odcs.js'

/** How late rows of a contract may be by its `slaProperties`, for the detector `freshness`. */
export interface SlaTerms {
  /** Sessions that may end before a row of a session that is over has come: whole days of the latency, and the frequency beyond one day. */
  readonly sessions: number
  /** Hours of the latency beyond whole days: so long after its end a session does not count yet. */
  readonly hours: number
}

/** What the properties may be of: the dataset, its event time, or nothing said. */
export interface SlaPlace {
  readonly dataset: string
  readonly eventTime: string | undefined
  readonly columns: readonly string[]
  /** `slaDefaultElement` */
  readonly element: string | undefined
}

/** Words that ODCS has for other promises, which nothing here looks at. */
const OTHERS: readonly string[] = [
  ...['availability', 'endOfLife', 'endOfSupport', 'errorRate', 'generalAvailability', 'retention', 'throughput'],
  ...['timeOfAvailability', 'timeToDetect', 'timeToNotify', 'timeToRepair'],
]

const READ = ['latency', 'frequency'] as const

/** Sessions that a row may be late when the contract states no latency. */
const USUAL_SESSIONS = 3

/** Hours of a unit, by each of its names in ODCS; a month and a year as the longest of them. */
const UNITS: readonly (readonly [hours: number, names: readonly string[]])[] = [
  [1 / 3600, ['s', 'sec', 'second', 'seconds']],
  [1 / 60, ['min', 'minute', 'minutes']],
  [1, ['h', 'hr', 'hour', 'hours']],
  [24, ['d', 'day', 'days']],
  [24 * 7, ['w', 'week', 'weeks']],
  [24 * 31, ['mo', 'month', 'months']],
  [24 * 366, ['y', 'yr', 'year', 'years']],
]

/** Reads latency and frequency. Undefined terms: the contract states neither. */
export function readSla(
  list: readonly OdcsSlaProperty[] | undefined,
  place: SlaPlace,
): { terms: SlaTerms | undefined; faults: Fault[] } {
  const entries = (list ?? []).map((entry, at) => ({ ...entry, path: ['slaProperties', at] as Path }))
  const read = entries.filter(({ property }) => isRead(property))
  const faults = [
    ...entries.filter(({ property }) => !isRead(property)).flatMap(entry => nameFault(entry)),
    ...read.flatMap(entry => entryFaults(entry, place)),
    ...read.flatMap(({ property, path }, at) =>
      read.findIndex(other => other.property === property) < at
        ? [{ path: [...path, 'property'], message: `the property \`${property}\` stands here twice` }]
        : [],
    ),
  ]
  if (faults.length > 0 || read.length === 0) return { terms: undefined, faults }
  const hoursOf = (name: string): number | undefined => {
    const entry = read.find(({ property }) => property === name)
    return entry === undefined ? undefined : Number(entry.value) * unitHours(entry.unit)!
  }
  const latency = hoursOf('latency')
  const days = latency === undefined ? USUAL_SESSIONS : Math.floor(latency / 24)
  const every = Math.max(1, Math.ceil((hoursOf('frequency') ?? 24) / 24))
  const hours = latency === undefined ? 0 : latency % 24
  return { terms: { sessions: days + every - 1, hours }, faults: [] }
}

type Placed = OdcsSlaProperty & { readonly path: Path }

function isRead(property: string): boolean {
  return READ.some(name => name === property)
}

/** A promise that is misspelt must not be dropped in silence. */
function nameFault({ property, path }: Placed): Fault[] {
  const near = OTHERS.includes(property) ? undefined : nearestName(property, [...READ, 'retention'])
  if (near === undefined) return []
  return [{ path: [...path, 'property'], message: `unknown property \`${property}\`, nearest is \`${near}\`` }]
}

function entryFaults({ property, value, unit, element, path }: Placed, place: SlaPlace): Fault[] {
  const faults: Fault[] = []
  const least = property === 'latency' ? 'zero or more' : 'more than zero'
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || (value === 0 && property === 'frequency'))
    faults.push({ path: [...path, 'value'], message: `\`${property}\` must be a number, ${least}` })
  if (unit === undefined) faults.push({ path, message: `\`${property}\` needs a unit: ${unitNames()}` })
  else if (unitHours(unit) === undefined) {
    const cause = unit === 'm' ? 'may be minutes or months' : 'is unknown'
    faults.push({ path: [...path, 'unit'], message: `the unit \`${unit}\` ${cause}: say ${unitNames()}` })
  }
  return [...faults, ...elementFaults(element ?? place.element, path, place)]
}

/** `bars`, `bars.event_time` and `event_time` are what both can be of. */
function elementFaults(element: string | undefined, path: Path, { dataset, eventTime, columns }: SlaPlace): Fault[] {
  if (element === undefined || element === dataset) return []
  const at = [...path, 'element']
  const [first, ...rest] = element.split('.')
  const column = rest.length === 0 ? first! : rest.join('.')
  if (rest.length > 0 && first !== dataset)
    return [{ path: at, message: `\`${element}\` is no part of ${dataset}, which the contract describes` }]
  if (!columns.includes(column)) {
    const near = nearestName(column, columns)
    const hint = near === undefined ? `known: ${columns.join(', ')}` : `nearest is \`${near}\``
    return [{ path: at, message: `${dataset} has no column \`${column}\`, ${hint}` }]
  }
  if (column === eventTime) return []
  return [{ path: at, message: `lateness is counted from the event time, \`${dataset}.${eventTime}\`` }]
}

/** Hours of a unit by one of its names; a month and a year count as the longest of them. */
export function unitHours(unit: string | undefined): number | undefined {
  return UNITS.find(([, names]) => names.includes(unit ?? ''))?.[0]
}

export function unitNames(): string {
  return UNITS.map(([, names]) => names[0]).join(', ')
}
