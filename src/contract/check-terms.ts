import { nearestName } from '../core/nearest-name.js'
import type { Fault, Path } from '../core/yaml-document.js'
import type { Column, Contract } from './contract.js'
import { detectorNamed } from './detectors/registry.js'
import type { OdcsContract } from './odcs.js'
import { RESTATED_RULES } from './restated-rules.js'
import { ruleIds } from './rule-ids.js'

/** What does not fit together in a contract whose parts are each well formed. */
export function checkTerms(contract: Contract, odcs: OdcsContract): Fault[] {
  const at = (property: string): Path => {
    const index = (odcs.customProperties ?? []).findIndex(entry => entry.property === property)
    return index < 0 ? ['customProperties'] : ['customProperties', index, 'value']
  }
  return [
    ...eventTimeFaults(contract, at('eventTime')),
    ...(contract.merge.orderBy === undefined ? [] : known(contract, contract.merge.orderBy, at('mergeOrderBy'))),
    ...contract.series.flatMap(name => known(contract, name, at('series'))),
    ...derivedFaults(contract),
    ...vintageFaults(contract, at('vintage')),
    ...versionsFaults(contract, at),
    ...keyFaults(contract),
    ...contract.thresholds.flatMap((threshold, index) =>
      thresholdFaults(contract, threshold.rule, [...at('thresholds'), index, 'rule']),
    ),
    ...renameFaults(contract),
    ...formatFaults(contract),
  ]
}

function eventTimeFaults(contract: Contract, path: Path): Fault[] {
  const column = columnNamed(contract, contract.eventTime)
  if (column === undefined) return known(contract, contract.eventTime, path)
  const faults: Fault[] = []
  if (column.type.kind !== 'timestamp' && column.type.kind !== 'date') {
    faults.push({ path, message: `eventTime: \`${column.name}\` must be a timestamp or a date` })
  }
  if (!column.required) faults.push({ path, message: `eventTime: \`${column.name}\` must be required` })
  if (column.type.kind === 'date' && contract.partition === 'hour') {
    faults.push({ path, message: 'a date has no hours: choose the partition day, month or year' })
  }
  return faults
}

function vintageFaults(contract: Contract, path: Path): Fault[] {
  if (contract.vintage === undefined) return []
  const column = columnNamed(contract, contract.vintage)
  if (column === undefined) return known(contract, contract.vintage, path)
  if (column.type.kind === 'timestamp' || column.type.kind === 'date') return []
  return [{ path, message: `vintage: \`${column.name}\` must be a timestamp or a date` }]
}

/** Versions follow each other in knowledge time, and only silver keeps them. */
function versionsFaults(contract: Contract, at: (property: string) => Path): Fault[] {
  if (contract.merge.policy !== 'versions') return []
  const faults: Fault[] = []
  if (contract.layer === 'gold')
    faults.push({ path: at('mergePolicy'), message: 'mergePolicy: only silver keeps versions' })
  if (!contract.primaryKey.includes(contract.eventTime)) {
    const message = 'mergePolicy: the versions of a row share a partition, so its key must hold the event time'
    faults.push({ path: at('mergePolicy'), message })
  }
  if (contract.merge.orderBy !== undefined) {
    const message = 'mergeOrderBy does not go with the policy versions: they are ordered by knowledge time'
    faults.push({ path: at('mergeOrderBy'), message })
  }
  return faults
}

function keyFaults(contract: Contract): Fault[] {
  const path = ['schema', 0, 'properties']
  if (contract.primaryKey.length === 0)
    return [{ path, message: 'no property has primaryKey: true; every row needs a key' }]
  const inexact = contract.primaryKey.filter(name => columnNamed(contract, name)?.type.kind === 'double')
  return inexact.map(name => ({ path, message: `\`${name}\` cannot be in the key: a double is never surely equal` }))
}

function thresholdFaults(contract: Contract, rule: string, path: Path): Fault[] {
  const ids = [...ruleIds(contract), ...(contract.layer === 'silver' ? RESTATED_RULES : [])]
  if (rule === '*' || ids.includes(rule)) return []
  const near = nearestName(rule, ids)
  const hint = near === undefined ? `known: *, ${ids.join(', ')}` : `nearest is \`${near}\``
  return [{ path, message: `threshold of an unknown rule \`${rule}\`, ${hint}` }]
}

/** A model's rows are of no pipe: detectors that compare rows with earlier ones, and breakers, are for silver. */
function derivedFaults({ layer, rules, checks, thresholds }: Contract): Fault[] {
  const path = ['schema', 0, 'quality']
  const tests = [...rules.map(rule => rule.test), ...checks.map(check => check.detector)]
  const asked = tests.flatMap(test => (test?.kind === 'detector' ? [test] : []))
  if (layer === 'silver') {
    const beside = asked.filter(({ arguments: given }) => given['beside'] !== undefined)
    return beside.map(({ name }) => ({ path, message: `\`beside\` of ${name} is for what a model derives` }))
  }
  const unfit = asked.filter(({ name }) => !judgesDerived(name))
  const breakers = [
    ...checks.map(({ id, severity }) => ({ id, severity })),
    ...thresholds.map(({ rule, severity }) => ({ id: rule, severity })),
  ]
  return [
    ...unfit.map(({ name }) => ({
      path,
      message: `the detector ${name} is for silver: a gold table has rules of one row, and checks of all its rows`,
    })),
    ...breakers
      .filter(({ severity }) => severity === 'breaker')
      .map(({ id }) => ({
        path,
        message: `\`${id}\`: a model has no breaker that could open; give the severity error`,
      })),
  ]
}

function judgesDerived(name: string): boolean {
  const detector = detectorNamed(name)
  if (detector?.shape === 'batch' || detector?.shape === 'datasets') return detector.derived === true
  // Whether a price may be negative was asked where it came in.
  return detector?.shape === 'row' && name !== 'price_sign'
}

function renameFaults(contract: Contract): Fault[] {
  return contract.columns.flatMap((column, index) => {
    if (column.renamedFrom === undefined || columnNamed(contract, column.renamedFrom) === undefined) return []
    const message = `\`${column.name}\` cannot be renamed from \`${column.renamedFrom}\`: that column still stands here`
    return [{ path: ['schema', 0, 'properties', index, 'customProperties'], message }]
  })
}

function formatFaults(contract: Contract): Fault[] {
  return contract.columns.flatMap((column, index) => {
    if (column.format === undefined || column.type.kind === 'date' || column.type.kind === 'timestamp') return []
    const message = `\`${column.name}\`: only dates and timestamps have a format`
    return [{ path: ['schema', 0, 'properties', index, 'customProperties'], message }]
  })
}

function known(contract: Contract, name: string, path: Path): Fault[] {
  const names = contract.columns.map(column => column.name)
  if (names.includes(name)) return []
  const near = nearestName(name, names)
  return [
    {
      path,
      message: `unknown column \`${name}\`, ${near === undefined ? `known: ${names.join(', ')}` : `nearest is \`${near}\``}`,
    },
  ]
}

function columnNamed(contract: Contract, name: string): Column | undefined {
  return contract.columns.find(column => column.name === name)
}
