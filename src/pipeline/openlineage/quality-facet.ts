import type { Contract } from '../../contract/contract.js'
import { ruleIds } from '../../contract/rule-ids.js'
import type { FindingRecord, RunRecord } from '../record/run-record.js'
import { type Facet, facet } from './lineage-event.js'

/** What was asked of the rows of a dataset, and what they answered: each rule with the rows that broke it, each limit that was not kept. */
export function assertionsOf(contract: Contract, { pipes, datasets }: Pick<RunRecord, 'pipes' | 'datasets'>): Facet {
  const own = pipes.filter(({ dataset }) => dataset === contract.dataset)
  const broken = new Map<string, number>()
  for (const { rules } of own)
    for (const [rule, rows] of Object.entries(rules)) broken.set(rule, (broken.get(rule) ?? 0) + rows)
  const warnings = new Set(contract.rules.filter(({ severity }) => severity === 'warn').map(({ id }) => id))
  const rules = [...new Set([...ruleIds(contract), ...broken.keys()])]
  const limits = new Map(
    [...datasets.filter(({ dataset }) => dataset === contract.dataset), ...own]
      .flatMap(({ findings = [] }) => findings)
      .map(({ rule, severity }) => [rule, severity]),
  )
  return facet('DataQualityAssertionsDatasetFacet', {
    assertions: [
      ...rules.map(rule => ({
        assertion: rule,
        success: (broken.get(rule) ?? 0) === 0,
        ...columnOf(rule),
        severity: warnings.has(rule) ? 'warn' : 'error',
        expected: '0',
        actual: String(broken.get(rule) ?? 0),
      })),
      ...[...limits]
        .filter(([rule]) => !rules.includes(rule))
        .map(([rule, severity]) => brokenLimit({ rule, severity })),
    ],
  })
}

/** The limits that a table which a model makes did not keep; undefined where it kept all. Records do not count its rules that no row broke. */
export function brokenLimits(table: string, { datasets }: Pick<RunRecord, 'datasets'>): Facet | undefined {
  const findings = datasets.find(({ dataset }) => dataset === table)?.findings ?? []
  if (findings.length === 0) return undefined
  return facet('DataQualityAssertionsDatasetFacet', { assertions: findings.map(brokenLimit) })
}

function brokenLimit({ rule, severity }: Pick<FindingRecord, 'rule' | 'severity'>) {
  return { assertion: rule, success: false, severity: severity === 'warn' ? 'warn' : 'error' }
}

/** Rules of the contract's own form name their column. */
function columnOf(rule: string): { readonly column?: string } {
  const column = /^(?:type|required):(.+)$/.exec(rule)?.[1]
  return column === undefined ? {} : { column }
}
