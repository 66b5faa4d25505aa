import type { Facets, LineageEvent } from '../../../src/pipeline/openlineage/lineage-event.js'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** What a facet must have beside `_producer` and `_schemaURL`, by its key, and the file of its schema. */
const FACETS: Readonly<Record<string, readonly [file: string, ...required: string[]]>> = {
  columnLineage: ['ColumnLineageDatasetFacet', 'fields'],
  dataQualityAssertions: ['DataQualityAssertionsDatasetFacet', 'assertions'],
  dataSource: ['DatasourceDatasetFacet'],
  errorMessage: ['ErrorMessageRunFacet', 'message', 'programmingLanguage'],
  jobType: ['JobTypeJobFacet', 'processingType', 'integration'],
  nominalTime: ['NominalTimeRunFacet', 'nominalStartTime'],
  outputStatistics: ['OutputStatisticsOutputDatasetFacet'],
  parent: ['ParentRunFacet', 'run', 'job'],
  processing_engine: ['ProcessingEngineRunFacet', 'version'],
  schema: ['SchemaDatasetFacet'],
  version: ['DatasetVersionDatasetFacet', 'datasetVersion'],
}

/**
 * What of a line is not as the specification of RunEvent 2-0-2 and of its facets has it: written from their text. The schemas themselves and
 * the classes of OpenLineage's own client judge in test/interop.
 */
export function faultsOf(line: string): string[] {
  const { eventType, eventTime, producer, schemaURL, run, job, inputs, outputs } = JSON.parse(line) as LineageEvent
  const datasets = [...inputs, ...outputs]
  return [
    ...fault(!['START', 'COMPLETE', 'FAIL', 'ABORT'].includes(eventType), `eventType ${eventType}`),
    ...fault(!TIME.test(eventTime), `eventTime ${eventTime}`),
    ...fault(!isUri(producer), `producer ${producer}`),
    ...fault(schemaURL !== 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent', schemaURL),
    ...fault(!UUID.test(run.runId), `runId ${run.runId}`),
    ...fault(
      [job, ...datasets].some(({ namespace, name }) => !namespace || !name),
      'a name is missing',
    ),
    ...fault(
      inputs.some(input => 'outputFacets' in input) || outputs.some(output => 'inputFacets' in output),
      'facets of the other side',
    ),
    ...[run, job, ...datasets].flatMap(({ facets }) => facetFaults(facets)),
    ...datasets.flatMap(({ inputFacets = {}, outputFacets = {} }) => facetFaults({ ...inputFacets, ...outputFacets })),
  ]
}

function facetFaults(facets: Facets): string[] {
  return Object.entries(facets).flatMap(([key, facet]) => {
    const [file, ...required] = FACETS[key] ?? ['unknown']
    const schema = new RegExp(`^https://openlineage\\.io/spec/facets/\\d-\\d-\\d/${file}\\.json#/\\$defs/${file}$`)
    return [
      ...fault(!schema.test(facet._schemaURL), `${key}: ${facet._schemaURL}`),
      ...fault(!isUri(facet._producer), `${key}: ${facet._producer}`),
      ...required.filter(name => facet[name] === undefined).map(name => `${key} has no ${name}`),
    ]
  })
}

function fault(is: boolean, text: string): string[] {
  return is ? [text] : []
}

function isUri(text: string): boolean {
  return URL.canParse(text)
}
