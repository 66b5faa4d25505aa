import { nameUuid } from '../../core/name-uuid.js'
import { SLUICE_VERSION } from '../../core/version.js'

/** A RunEvent of OpenLineage 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json. */
export interface LineageEvent {
  readonly eventType: 'START' | 'COMPLETE' | 'FAIL' | 'ABORT'
  /** RFC 3339 */
  readonly eventTime: string
  readonly producer: string
  readonly schemaURL: string
  readonly run: { readonly runId: string; readonly facets: Facets }
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets }
  readonly inputs: readonly LineageDataset[]
  readonly outputs: readonly LineageDataset[]
}

export interface LineageDataset {
  readonly namespace: string
  readonly name: string
  readonly facets: Facets
  readonly inputFacets?: Facets
  readonly outputFacets?: Facets
}

export type Facets = Readonly<Record<string, Facet>>

export interface Facet {
  readonly _producer: string
  readonly _schemaURL: string
  readonly [field: string]: unknown
}

/** The facets that events have, each with its version. */
const VERSIONS = {
  ColumnLineageDatasetFacet: '1-2-0',
  DataQualityAssertionsDatasetFacet: '1-1-0',
  DatasetVersionDatasetFacet: '1-0-1',
  DatasourceDatasetFacet: '1-0-1',
  ErrorMessageRunFacet: '1-0-1',
  JobTypeJobFacet: '2-0-4',
  NominalTimeRunFacet: '1-0-1',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  ParentRunFacet: '1-2-0',
  ProcessingEngineRunFacet: '1-1-1',
  SchemaDatasetFacet: '1-2-0',
} as const

const SPEC = 'https://openlineage.io/spec'
export const PRODUCER = `urn:sluice:version:${SLUICE_VERSION}`

export function facet(name: keyof typeof VERSIONS, fields: Readonly<Record<string, unknown>>): Facet {
  return {
    _producer: PRODUCER,
    _schemaURL: `${SPEC}/facets/${VERSIONS[name]}/${name}.json#/$defs/${name}`,
    ...fields,
  }
}

/** What all events of one attempt at a run share. */
export interface LineageMoment {
  readonly namespace: string
  readonly runId: string
  /** By the run's clock, ISO 8601. It tells the attempts at a run from each other. */
  readonly startedAt: string
  /** The time that the run is made for, ISO 8601; undefined where nobody can say it any more. */
  readonly nominal?: { readonly start: string; readonly end?: string } | undefined
  /** `DuckDB v1.5.6`; undefined where it is not known yet. */
  readonly engine?: string | undefined
}

/** The job of a whole run; the jobs of its datasets are its children. */
export const RUN_JOB = 'sluice.run'

/** What an event is about, without what all events have. */
export interface JobEvent {
  /** `silver.bars`; undefined for the whole run. */
  readonly job?: string | undefined
  readonly type: LineageEvent['eventType']
  readonly time: string
  readonly error?: string | undefined
  readonly inputs?: readonly LineageDataset[]
  readonly outputs?: readonly LineageDataset[]
}

/**
 * To OpenLineage each attempt is a run: what has failed stays so when it is made again. Its UUID is that of the run's id and its start, for a job of the
 * job's name too, so that an attempt that is told twice is the same one.
 */
export function lineageEvent(event: JobEvent, moment: LineageMoment): LineageEvent {
  const { namespace, nominal, engine } = moment
  const { job, type, time, error, inputs = [], outputs = [] } = event
  const parent = { run: { runId: runUuid(moment) }, job: { namespace, name: RUN_JOB } }
  const facets: Facets = {
    ...(nominal !== undefined && {
      nominalTime: facet('NominalTimeRunFacet', {
        nominalStartTime: nominal.start,
        ...(nominal.end !== undefined && { nominalEndTime: nominal.end }),
      }),
    }),
    ...(job !== undefined && { parent: facet('ParentRunFacet', { ...parent, root: parent }) }),
    ...(engine !== undefined && {
      processing_engine: facet('ProcessingEngineRunFacet', {
        name: 'DuckDB',
        version: engine.replace(/^DuckDB /, ''),
        openlineageAdapterVersion: SLUICE_VERSION,
      }),
    }),
    ...(error !== undefined && {
      errorMessage: facet('ErrorMessageRunFacet', { message: error, programmingLanguage: 'TypeScript' }),
    }),
  }
  const jobType = { processingType: 'BATCH', integration: 'SLUICE', jobType: job === undefined ? 'RUN' : 'DATASET' }
  return {
    ...{ eventType: type, eventTime: time, producer: PRODUCER },
    schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    run: { runId: runUuid(moment, job), facets },
    job: { namespace, name: job ?? RUN_JOB, facets: { jobType: facet('JobTypeJobFacet', jobType) } },
    ...{ inputs, outputs },
  }
}

function runUuid({ namespace, runId, startedAt }: LineageMoment, job = RUN_JOB): string {
  return nameUuid(`${namespace} ${runId} ${startedAt} ${job}`)
}
