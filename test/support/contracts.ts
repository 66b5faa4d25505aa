import type { Contract } from '../../src/contract/contract.js'
import { loadContract } from '../../src/contract/load-contract.js'

export interface TicksOptions {
  /** Default `1.0.0`. */
  readonly version?: string
  /** YAML of the properties; default: id, moment, price, note. */
  readonly properties?: readonly string[]
  readonly key?: 'id' | 'id, moment'
  readonly partition?: 'hour' | 'day' | 'month' | 'year'
  readonly mergePolicy?: 'first' | 'latest' | 'versions'
  readonly mergeOrderBy?: string
  readonly vintage?: string
  readonly publication?: string
  /** Largest share of quarantined rows; default 1: the gate lets everything pass. */
  readonly maxShare?: number
  /** What that share is of; default `*`. */
  readonly thresholdRule?: string
  /** Columns, as `id, currency`. */
  readonly series?: string
  /** YAML of quality entries for the whole object. */
  readonly quality?: readonly string[]
  /** Default `silver`. */
  readonly layer?: 'silver' | 'gold'
}

export const PRICE = '{ name: price, logicalType: number, physicalType: "decimal(18,4)", required: true }'
export const NOTE = '{ name: note, logicalType: string }'

/** A small silver contract of ticks: an id, a moment, a price and a note, changed as a test needs it. */
export function ticks(options: TicksOptions = {}): Contract {
  return loadContract(ticksText(options), 'contracts/ticks.odcs.yaml')
}

/** The same as a file has it. */
export function ticksText(options: TicksOptions = {}): string {
  const { version = '1.0.0', properties = [PRICE, NOTE], key = 'id, moment', partition = 'day', maxShare = 1 } = options
  const keyed = (name: string, at: number): string =>
    key.includes(name) ? `, primaryKey: true, primaryKeyPosition: ${at}` : ''
  return `apiVersion: v3.1.0
kind: DataContract
id: ticks
version: ${version}
status: active
schema:
  - name: ticks
    logicalType: object
    properties:
      - { name: id, logicalType: string, required: true${keyed('id', 1)} }
      - { name: moment, logicalType: timestamp, required: true${keyed('moment', 2)} }
${properties.map(property => `      - ${property}\n`).join('')}    quality:
      - { id: price_positive, type: custom, engine: sluice, implementation: price > 0, severity: error }
${(options.quality ?? []).map(entry => `      - ${entry}\n`).join('')}customProperties:
  - { property: layer, value: ${options.layer ?? 'silver'} }
  - { property: eventTime, value: moment }
  - { property: partition, value: ${partition} }
  - { property: mergePolicy, value: ${options.mergePolicy ?? (options.layer === 'gold' ? 'latest' : 'first')} }
${options.mergeOrderBy === undefined ? '' : `  - { property: mergeOrderBy, value: ${options.mergeOrderBy} }\n`}${options.vintage === undefined ? '' : `  - { property: vintage, value: ${options.vintage} }\n`}${options.publication === undefined ? '' : `  - { property: publication, value: "${options.publication}" }\n`}${options.series === undefined ? '' : `  - { property: series, value: [${options.series}] }\n`}  - { property: thresholds, value: [{ rule: "${options.thresholdRule ?? '*'}", maxShare: ${maxShare} }] }
`
}
