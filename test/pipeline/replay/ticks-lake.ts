import { fileURLToPath } from 'node:url'
import { type MigrateOptions, type Migration, migrateDataset } from '../../../src/pipeline/contracts/migrate-dataset.js'
import { parsePipes } from '../../../src/pipeline/pipes/load-pipes.js'
import { NOTE, PRICE, type TicksOptions, ticks } from '../../support/contracts.js'
import { NOW, type ProjectFolder, type TestLake } from '../../support/lakes.js'
import { type InputRow, ndjson } from '../../support/records.js'

export const HOUR = 3_600_000
/** Of the time at which migrations are made: after all runs. */
export const LATER = NOW + 1_000 * HOUR

/** A contract of ticks, and the one that breaks it: prices of another scale, and a note that must be there. */
export const V1: TicksOptions = { version: '1.2.0' }
export const V2: TicksOptions = {
  version: '2.0.0',
  properties: [PRICE.replace('18,4', '18,2'), NOTE.replace('string', 'string, required: true')],
}

export const PIPES = `pipes:
  - name: desk
    source: file
    contract: ticks
    input: "{path}"
    params: { path: null }
    delimiter: ;
    decimal_comma: true
    encoding: windows-1250
    map: { id: "'desk-' || nr", moment: chwila, price: cena, note: uwaga }
  - { name: feed, source: file, contract: ticks, input: feed.ndjson }
  - { name: archive, source: file, contract: ticks, input: archive.ndjson, capture: reference }
`

/** Good rows, one of each fault of either contract, and one that only the first keeps. */
export const FEED: readonly InputRow[] = [
  ...Array.from({ length: 30 }, (_, at) => tick(`f${at}`, at)),
  { ...tick('negative', 31), price: -1 },
  { ...tick('text', 32), price: 'about 5' },
  { id: 'silent', moment: '2026-01-05T10:40:00Z', price: 3 },
  tick('f3', 3),
]

export function tick(id: string, minute: number, parts: InputRow = {}): InputRow {
  const moment = new Date(Date.UTC(2026, 0, 5 + (minute % 3), 10, minute)).toISOString()
  return { id, moment, price: 100 + minute, note: `note ${minute}`, ...parts }
}

/** `Ł` in windows-1250 is one byte, which is no UTF-8. */
export function deskFile(...ids: readonly string[]): Buffer {
  const lines = ids.map((id, at) => `${id};2026-01-0${5 + at}T09:00:00Z;${at},25;Ł${at}`)
  return Buffer.from(`nr;chwila;cena;uwaga\n${lines.join('\n')}\n`.replaceAll('Ł', '\u00a3'), 'latin1')
}

/** A lake with these pipes under the first contract. */
export function ticksLake(folder: ProjectFolder, options: TicksOptions = V1): TestLake {
  return folder.lake({ models: [], contracts: [ticks(options)], pipes: parsePipes(PIPES, 'pipes/ticks.yaml') })
}

/** Three runs: a pipe with a dialect and a parameter, two without, and a file without a pipe. */
export async function fill(lake: TestLake, folder: ProjectFolder): Promise<void> {
  const desk = await folder.write('desk-1.csv', deskFile('1', '2'))
  await folder.write('feed.ndjson', ndjson(FEED))
  await folder.write('archive.ndjson', `${ndjson([tick('a1', 1), tick('f5', 5, { price: 7 })])}{"id": "torn\n`)
  const more = await folder.write('more.ndjson', ndjson([tick('m1', 50), tick('f6', 6)]))
  await lake.run({ runId: 'desk', select: ['desk'], params: { path: desk }, nowMs: NOW })
  await lake.run({ runId: 'files', select: ['feed', 'archive'], nowMs: NOW + HOUR })
  await lake.run({ runId: 'more', input: [more], contract: 'ticks', nowMs: NOW + 2 * HOUR })
}

export function migrate({ project }: TestLake, options: Partial<MigrateOptions> = {}): Promise<Migration> {
  return migrateDataset(project, 'ticks', { dryRun: false, allowDqBreach: false, nowMs: LATER, ...options })
}

export const TABLES = ['silver.ticks', 'quarantine.ticks']

export const CHILD = fileURLToPath(new URL('migrate-child.ts', import.meta.url))
