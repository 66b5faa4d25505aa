import { durationMs } from '../core/duration.js'
import { documentError, type Fault, type Path, readYaml, type YamlDocument } from '../core/yaml-document.js'
import { VERSIONS_SUFFIX } from '../lake/newest-version.js'
import { checkTerms } from './check-terms.js'
import type { Contract, ContractVersion } from './contract.js'
import { contractHash } from './contract-hash.js'
import { CONTRACT_PROPERTIES, readCustomProperties } from './custom-properties.js'
import type { OdcsContract, OdcsObject, OdcsProperty } from './odcs.js'
import { odcsFaults } from './odcs-schema.js'
import { NAME, readColumns } from './read-columns.js'
import { readRetention } from './read-retention.js'
import { type RuleSet, readRules } from './read-rules.js'
import { readSla } from './read-sla.js'

const OBJECT: Path = ['schema', 0]

/**
 * Reads a contract: Open Data Contract Standard v3.1, checked against its published schema, then for sense.
 * Throws SLUICE_CONTRACT_INVALID with file:line:column of the first fault and all of them in `details.problems`. The SQL in it is
 * checked by `lintContract`, which needs a parser.
 */
export function loadContract(text: string, file: string): Contract {
  const source = { text, file, code: 'SLUICE_CONTRACT_INVALID' } as const
  const document = readYaml(source)
  const shape = odcsFaults(document.value)
  if (shape.length > 0) throw documentError(source, document, shape)
  const { contract, faults } = read(document.value as OdcsContract, document)
  if (faults.length > 0 || contract === undefined) throw documentError(source, document, faults)
  return contract
}

function read(odcs: OdcsContract, document: YamlDocument): { contract: Contract | undefined; faults: Fault[] } {
  const [object, ...others] = odcs.schema ?? []
  if (object === undefined)
    return { contract: undefined, faults: [{ path: [], message: 'the contract lacks a `schema`' }] }
  const version = readVersion(odcs.version)
  const custom = readCustomProperties(CONTRACT_PROPERTIES, odcs.customProperties, [])
  const { columns, faults } = readColumns(
    object.properties ?? [],
    [...OBJECT, 'properties'],
    custom.value?.layer ?? 'silver',
  )
  const sla = readSla(odcs.slaProperties, {
    dataset: object.name,
    eventTime: custom.value?.eventTime,
    columns: columns.map(({ name }) => name),
    element: odcs.slaDefaultElement,
  })
  const retention = readRetention(odcs.slaProperties)
  const rules = readRules(object, OBJECT, columns, sla.terms)
  const found: Fault[] = [
    ...headFaults(odcs, object, others.length),
    ...(version === undefined ? [{ path: ['version'], message: '`version` must be major.minor.patch' }] : []),
    ...custom.faults,
    ...faults,
    ...sla.faults,
    ...retention.faults,
    ...rules.faults,
  ]
  if (custom.value === undefined || version === undefined || found.length > 0)
    return { contract: undefined, faults: found }
  const terms = custom.value
  const key = primaryKey(object.properties ?? [])
  const content = {
    id: odcs.id,
    dataset: object.name,
    layer: terms.layer,
    version,
    status: odcs.status,
    description: [odcs.description?.purpose, object.description].find(Boolean)?.trim() ?? '',
    columns,
    primaryKey: key,
    eventTime: terms.eventTime,
    partition: terms.partition,
    merge: { policy: terms.mergePolicy ?? (terms.layer === 'gold' ? 'latest' : 'first'), orderBy: terms.mergeOrderBy },
    vintage: terms.vintage,
    publication: terms.publication,
    notFinal: terms.notFinal,
    rules: rules.rules,
    checks: rules.checks,
    thresholds: [
      ...terms.thresholds.map(({ rule, maxShare, maxRows, severity }) => ({ rule, maxShare, maxRows, severity })),
      ...rules.thresholds,
    ],
    breaker: terms.breaker && {
      failures: terms.breaker.failures,
      coolDownMs: durationMs(terms.breaker.coolDown)!,
      longestMs: durationMs(terms.breaker.longest)!,
    },
    series: terms.series ?? key.filter(name => name !== terms.eventTime),
    allowedLateness: terms.allowedLateness,
    calendar: terms.calendar,
    ...(retention.hours !== undefined && { retentionHours: retention.hours }),
  } as const
  const sqlPlaces = placesOf(document, odcs, rules)
  const contract: Contract = { ...content, hash: contractHash(content), file: document.file, sqlPlaces }
  return { contract, faults: checkTerms(contract, odcs) }
}

function headFaults(odcs: OdcsContract, object: OdcsObject, otherObjects: number): Fault[] {
  const faults: Fault[] = []
  if (odcs.apiVersion !== 'v3.1.0') faults.push({ path: ['apiVersion'], message: '`apiVersion` must be v3.1.0' })
  if (otherObjects > 0)
    faults.push({ path: ['schema', 1], message: 'a contract describes one dataset: give each its own file' })
  if (!NAME.test(object.name)) {
    faults.push({
      path: [...OBJECT, 'name'],
      message: `\`${object.name}\` must be lower case letters, digits and underscores`,
    })
  }
  if (object.name.endsWith(VERSIONS_SUFFIX)) {
    faults.push({
      path: [...OBJECT, 'name'],
      message: `\`${object.name}\`: the ending ${VERSIONS_SUFFIX} is for the tables that keep the versions of a dataset`,
    })
  }
  if ((object.customProperties ?? []).some(entry => !entry.property.includes('.'))) {
    faults.push({ path: [...OBJECT, 'customProperties'], message: 'customProperties of a contract stand at its root' })
  }
  if ((object.relationships ?? []).length > 0) {
    faults.push({ path: [...OBJECT, 'relationships'], message: 'put the relationship under its property' })
  }
  return faults
}

function readVersion(text: string): ContractVersion | undefined {
  const parts = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/.exec(text)
  return parts === null ? undefined : { major: Number(parts[1]), minor: Number(parts[2]), patch: Number(parts[3]) }
}

/** Key columns by their position; those without one follow in declared order. */
function primaryKey(properties: readonly OdcsProperty[]): string[] {
  const position = (property: OdcsProperty): number => {
    const declared = property.primaryKeyPosition ?? -1
    return declared > 0 ? declared : Number.MAX_SAFE_INTEGER
  }
  return properties
    .filter(property => property.primaryKey === true)
    .sort((a, b) => position(a) - position(b))
    .map(property => property.name)
}

function placesOf(document: YamlDocument, odcs: OdcsContract, rules: RuleSet): NonNullable<Contract['sqlPlaces']> {
  const paths: [string, Path][] = Object.entries(rules.sqlPaths)
  for (const [index, { property }] of (odcs.customProperties ?? []).entries()) {
    if (property === 'publication' || property === 'notFinal')
      paths.push([property, ['customProperties', index, 'value']])
  }
  return Object.fromEntries(paths.map(([key, path]) => [key, document.textPlace(path)]))
}
