import { duckdbType } from '../../contract/column-types.js'
import type { Contract } from '../../contract/contract.js'
import { publishedShape } from '../../contract/tables.js'
import type { TableLineage } from '../../gold/lineage/model-lineage.js'
import { VERSIONS_SUFFIX } from '../../lake/newest-version.js'
import { uriOf } from '../../storage/store-address.js'
import type { Project } from '../project/project.js'
import { CALENDAR_SESSIONS } from '../read/calendar-sessions.js'
import { namesOf } from '../read/lake-views.js'
import type { RunRecord, TableRecord } from '../record/run-record.js'
import { columnLineage, conformedColumns, renamed } from './column-facet.js'
import { facet, type JobEvent, type LineageDataset } from './lineage-event.js'
import { assertionsOf, brokenLimits } from './quality-facet.js'

type Job = Pick<JobEvent, 'job' | 'inputs' | 'outputs'> & { readonly error: string | undefined }

/** What the events of a run are made of. `lineages`: of the gold tables that models of the project make. */
export interface RunSubject {
  readonly record: RunRecord
  readonly project: Pick<Project, 'contracts' | 'pipes'> & { readonly config: Pick<Project['config'], 'lake'> }
  readonly namespace: string
  readonly lineages: readonly TableLineage[]
}

const MOST_TEXT = 300

/** The jobs of a run: one for each table that it filled, or should have. Names, counts and rules, never a row's values. Pure. */
export function runJobs(subject: RunSubject): Job[] {
  const { record } = subject
  const silver = record.datasets.filter(({ dataset }) => !dataset.includes('.')).map(({ dataset }) => dataset)
  const gold = [
    ...record.datasets.map(({ dataset }) => dataset),
    ...record.tables.map(({ table }) => table),
    // The job of a table that waits has not begun: another run does it.
    ...(record.stale ?? []).filter(({ outcome }) => outcome !== 'waiting').map(({ table }) => table),
  ].filter(name => name.startsWith('gold'))
  return [
    ...silver.flatMap(dataset => [...landJob(dataset, subject), conformJob(dataset, subject)]),
    ...[...new Set(gold)].map(table => goldJob(table, subject)),
  ]
}

/** What pipes brought, as it came. */
function landJob(dataset: string, subject: RunSubject): Job[] {
  const { record, project, namespace } = subject
  const outputs = outputsOf([`bronze.${dataset}`], subject)
  if (outputs.length === 0) return []
  const own = new Set(record.pipes.filter(pipe => pipe.dataset === dataset).map(({ pipe }) => pipe))
  const sources = project.pipes.filter(({ name }) => own.has(name)).map(({ source }) => source)
  const inputs = [...new Set(sources)].sort().map(source => ({ namespace, name: `source.${source}`, facets: {} }))
  return [{ job: `bronze.${dataset}`, inputs, outputs, error: undefined }]
}

/** The contract's rules are asked of what was landed: they are assertions about the input. */
function conformJob(dataset: string, subject: RunSubject): Job {
  const { record, project, namespace } = subject
  const contract = project.contracts.find(candidate => candidate.dataset === dataset && candidate.layer === 'silver')
  const assertions = contract === undefined ? undefined : assertionsOf(contract, record)
  const input = {
    ...datasetOf(`bronze.${dataset}`, undefined, subject),
    ...(assertions && { inputFacets: { dataQualityAssertions: assertions } }),
  }
  const tables = [`silver.${dataset}`, `silver.${dataset}${VERSIONS_SUFFIX}`]
  const outputs = outputsOf([...tables, `quarantine.${dataset}`], subject).map(output => {
    if (contract === undefined || output.name.startsWith('quarantine.')) return output
    const columns = conformedColumns(contract, { namespace, name: input.name })
    return { ...output, facets: { ...output.facets, columnLineage: columns } }
  })
  return { job: `silver.${dataset}`, inputs: [input], outputs, error: heldOf(dataset, record) }
}

/** Why nothing of a dataset was published. */
function heldOf(dataset: string, { pipes, datasets }: RunRecord): string | undefined {
  const own = pipes.filter(pipe => pipe.dataset === dataset)
  if (own.some(({ accepted }) => accepted > 0) || !own.some(({ held }) => held > 0)) return undefined
  const judged = [...datasets.filter(candidate => candidate.dataset === dataset), ...own]
  const [finding] = judged.flatMap(({ findings = [] }) => findings).filter(({ severity }) => severity !== 'warn')
  return cut(`held back: ${finding?.text ?? 'the gate failed'}`)
}

/** Why a run published nothing: what the first provider said that gave no answer, or the first finding of a gate. */
export function whyNothing(record: RunRecord): string {
  const open = (record.sources ?? []).filter(({ state }) => state === 'failed' || state === 'not finished')
  const unanswered = open.map(({ pipe, state, meaning, why }) =>
    state === 'failed' ? `${pipe}: ${meaning}: ${why}` : `${pipe}: the time was up`,
  )
  const held = record.datasets.flatMap(({ dataset }) => {
    const why = heldOf(dataset, record)
    return why === undefined ? [] : [`${dataset}: ${why}`]
  })
  const [first, ...others] = [...unanswered, ...held]
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  return cut(
    `the run ended as ${record.status}: nothing was published${first === undefined ? '' : `; ${first}${more}`}`,
  )
}

function goldJob(table: string, subject: RunSubject): Job {
  const { record, project, namespace, lineages } = subject
  const found = lineages.find(candidate => candidate.table === table)
  const lineage = found && renamed(found, name => datasetName(name, project.contracts))
  const stale = record.stale?.find(candidate => candidate.table === table)
  const assertions = brokenLimits(table, record)
  const told = {
    ...(lineage && { columnLineage: columnLineage(lineage, namespace) }),
    ...(assertions && { dataQualityAssertions: assertions }),
  }
  const outputs = outputsOf([table], subject).map(output => ({ ...output, facets: { ...output.facets, ...told } }))
  const inputs = inputTables(lineage).map(name => datasetOf(name, undefined, subject))
  return { job: table, inputs, outputs, error: stale && cut(`${stale.outcome}: ${stale.why}`) }
}

function inputTables(lineage: TableLineage | undefined): string[] {
  const origins = lineage === undefined ? [] : [...lineage.columns, lineage.rows]
  return [...new Set(origins.flatMap(({ inputs }) => inputs.map(({ table }) => table)))].sort()
}

/** The tables of these names to which the run has committed. */
function outputsOf(names: readonly string[], subject: RunSubject): LineageDataset[] {
  return names.flatMap(name => {
    const commits = subject.record.tables.filter(({ table }) => table === name)
    const last = commits.at(-1)
    if (last === undefined) return []
    const sum = (pick: (commit: TableRecord) => number) => commits.reduce((total, commit) => total + pick(commit), 0)
    const statistics = facet('OutputStatisticsOutputDatasetFacet', {
      rowCount: sum(({ rows_added }) => rows_added),
      size: sum(({ bytes_added }) => bytes_added),
      fileCount: sum(({ files }) => files.length),
    })
    return [{ ...datasetOf(name, last, subject), outputFacets: { outputStatistics: statistics } }]
  })
}

/** A table by the name of its dataset; where one of the lake lies is in its `dataSource`. */
function datasetOf(table: string, commit: TableRecord | undefined, { project, namespace }: RunSubject): LineageDataset {
  const contract = contractOf(table, project.contracts)
  const name = datasetName(table, project.contracts)
  const stored = contract === undefined ? name : storedName(contract)
  const lake = uriOf(project.config.lake)
  const isStored = !name.startsWith('reference.') && name !== CALENDAR_SESSIONS
  return {
    namespace,
    name,
    facets: {
      ...(isStored && {
        dataSource: facet('DatasourceDatasetFacet', { name: namespace, uri: `${lake}/${stored.replace('.', '/')}` }),
      }),
      ...(commit && { version: facet('DatasetVersionDatasetFacet', { datasetVersion: commit.snapshot_id }) }),
      ...(contract && { schema: facet('SchemaDatasetFacet', { fields: fieldsOf(contract) }) }),
    },
  }
}

function contractOf(name: string, contracts: readonly Contract[]): Contract | undefined {
  return contracts.find(contract => namesOf(publishedShape(contract).name).includes(name))
}

/** A table of versions and the view of their newest are one dataset, by whichever name SQL reads it: `silver.fx_rates`. */
function datasetName(name: string, contracts: readonly Contract[]): string {
  const contract = contractOf(name, contracts)
  return contract?.layer === 'silver' ? `silver.${contract.dataset}` : name
}

function storedName(contract: Contract): string {
  const { layer, dataset } = publishedShape(contract).name
  return `${layer}.${dataset}`
}

function fieldsOf({ columns }: Contract) {
  return columns.map(({ name, type, description }, at) => ({
    name,
    type: duckdbType(type),
    ...(description !== '' && { description: description.replaceAll(/\s+/g, ' ').trim() }),
    ordinal_position: at + 1,
  }))
}

function cut(text: string): string {
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text
}
