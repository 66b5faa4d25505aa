import type { Fault } from '../core/yaml-document.js'
import type { OdcsSlaProperty } from './odcs.js'
import { unitHours, unitNames } from './read-sla.js'

/**
 * How long rows stay by the property `retention` of `slaProperties`, in hours, counted from the end of their partition. Undefined: the
 * contract does not say, and they stay.
 */
export function readRetention(list: readonly OdcsSlaProperty[] | undefined): {
  readonly hours: number | undefined
  readonly faults: Fault[]
} {
  const entries = (list ?? []).map((entry, at) => ({ ...entry, at })).filter(({ property }) => property === 'retention')
  const [entry, twice] = entries
  if (entry === undefined) return { hours: undefined, faults: [] }
  const path = ['slaProperties', entry.at]
  const faults: Fault[] = []
  if (twice !== undefined)
    faults.push({
      path: ['slaProperties', twice.at, 'property'],
      message: 'the property `retention` stands here twice',
    })
  const { value } = entry
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
    faults.push({ path: [...path, 'value'], message: '`retention` must be a number, more than zero' })
  const hours = unitHours(entry.unit)
  if (hours === undefined) faults.push({ path, message: `\`retention\` needs a unit: ${unitNames()}` })
  return faults.length > 0 ? { hours: undefined, faults } : { hours: Number(value) * hours!, faults }
}
