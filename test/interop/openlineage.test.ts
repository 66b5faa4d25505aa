import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLake } from '../../src/index.js'
import type { LineageEvent } from '../../src/pipeline/openlineage/lineage-event.js'
import { initProject } from '../../src/pipeline/project/init-project.js'
import { findPython } from './python.js'

const SPEC = 'https://openlineage.io/spec/2-0-2/OpenLineage.json'
const OLD_BAR = `instrument_id,bar_interval,event_time,open,high,low,close,volume,currency
crypto:coingecko:bitcoin,1d,1999-01-05T00:00:00Z,1,1,1,1,1,USD
`
const python = findPython(['openlineage.client'])
const spec = await schemaAt(SPEC)
if (python === undefined)
  console.warn('INTEROP NOT RUN: no python3 with openlineage-python, so its classes have not judged our events')
if (spec === undefined)
  console.warn(`INTEROP NOT RUN: ${SPEC} cannot be fetched, so the schemas have not judged our events`)

describe('events of a run of the sample project, and of one that failed', () => {
  let folder: string
  let lines: string[]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-lineage-'))
    await initProject(folder)
    const file = join(folder, 'lineage.ndjson')
    const lake = await openLake({ folder, env: { SLUICE__LINEAGE__FILE: file } })
    await lake.run({ runId: 'one' })
    await writeFile(join(folder, 'data_lake/silver/bars/contract_version=v1/year=1999'), 'in the way')
    await writeFile(join(folder, 'old.csv'), OLD_BAR)
    await expect(lake.run({ runId: 'two', input: [join(folder, 'old.csv')], contract: 'bars' })).rejects.toThrow()
    lines = (await readFile(file, 'utf8')).trim().split('\n')
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.skipIf(python === undefined)('are taken by the classes that OpenLineage generates from its schemas', () => {
    expect(lines.length).toBeGreaterThan(10)
    expect(python!.script('check_lineage.py', lines)).toEqual([])
  })

  it.skipIf(spec === undefined)('keep the published schemas of the event and of every facet', async () => {
    const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js')
    const { default: addFormats } = await import('ajv-formats')
    const ajv = new Ajv2020({ strict: false, loadSchema: async url => (await schemaAt(url)) ?? {} })
    addFormats.default(ajv)
    const urls = new Set(
      lines.flatMap(line => [...line.matchAll(/"(?:_schemaURL|schemaURL)":"([^"]+)"/g)].map(([, url]) => url!)),
    )
    for (const url of urls) await ajv.compileAsync({ $ref: url })
    const faults = lines.flatMap(line => {
      const event = JSON.parse(line) as LineageEvent
      return partsOf(event)
        .filter(({ url, part }) => !ajv.validate({ $ref: url }, part))
        .map(({ url }) => `${url}: ${ajv.errorsText()}`)
    })
    expect(faults).toEqual([])
  })
})

/** The event and each of its facets, with the schema that it names. */
function partsOf(event: LineageEvent): { readonly url: string; readonly part: unknown }[] {
  const datasets = [...event.inputs, ...event.outputs]
  const groups = [
    event.run.facets,
    event.job.facets,
    ...datasets.flatMap(own => [own.facets, own.inputFacets ?? {}, own.outputFacets ?? {}]),
  ]
  const facets = groups.flatMap(group => Object.values(group))
  return [{ url: event.schemaURL, part: event }, ...facets.map(part => ({ url: part._schemaURL, part }))]
}

async function schemaAt(url: string): Promise<Record<string, unknown> | undefined> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) }).catch(() => undefined)
  return answer?.ok ? ((await answer.json()) as Record<string, unknown>) : undefined
}
