import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadContract } from '../../../src/contract/load-contract.js'
import type { Interval } from '../../../src/core/interval.js'
import type { SqlRow } from '../../../src/engine/engine.js'
import { createReferences } from '../../../src/pipeline/project/references.js'
import { conformSql } from '../../../src/silver/conform.js'
import { answerRecords } from '../../../src/sources/answers/answer-records.js'
import { openAnswerSpool } from '../../../src/sources/answers/answer-spool.js'
import { classify } from '../../../src/sources/answers/classify.js'
import type { Judgement } from '../../../src/sources/answers/meaning.js'
import { type UrlTemplate, urlTemplate } from '../../../src/sources/http/url-template.js'
import { sourceNamed } from '../../../src/sources/provider-list.js'
import { testDuckDb } from '../../support/duckdb.js'
import { projectOf } from '../../support/projects.js'

export const NOON = Date.UTC(2026, 10, 29, 12)

export interface TestAnswer {
  readonly body: string | Buffer
  readonly params?: Readonly<Record<string, string>>
  /** ISO 8601. */
  readonly interval?: readonly [string, string]
  readonly receivedAtMs?: number
}

/** Records of answers as bronze and silver have them: columns of the contract, `_broken`, `_open`, and bronze's `_extra` and `_raw`. */
export interface ProviderRecords {
  judge(source: string, status: number, body: string | Buffer, contentType?: string): Judgement
  bronze(source: string, answers: readonly TestAnswer[], map?: Readonly<Record<string, string>>): Promise<SqlRow[]>
  conformed(source: string, answers: readonly TestAnswer[]): Promise<SqlRow[]>
  close(): Promise<void>
}

export async function openProviderRecords(): Promise<ProviderRecords> {
  const duckdb = await testDuckDb()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-answers-'))
  let spools = 0
  await duckdb.run(`CREATE SCHEMA work; CREATE TABLE work.batch_captures (_capture_id VARCHAR, open BOOLEAN)`)
  await createReferences(projectOf(), [], duckdb)
  await duckdb.run(`CREATE TABLE reference.instruments (instrument_id VARCHAR, calendar VARCHAR, price_can_be_negative BOOLEAN);
    CREATE TABLE reference.instrument_aliases (source VARCHAR, symbol VARCHAR, instrument_id VARCHAR, valid_from DATE, valid_to DATE)`)

  async function stage(
    name: string,
    answers: readonly TestAnswer[],
    map: Readonly<Record<string, string>> = {},
  ): Promise<ReturnType<typeof loadContract>> {
    const { source } = sourceNamed(name)!
    const spool = await openAnswerSpool(source, join(folder, `answers-${spools++}`))
    for (const [at, { body, params = {}, interval, receivedAtMs = NOON }] of answers.entries()) {
      const [start, end] = interval ?? []
      await spool.add({
        captureId: captureId(at),
        pipe: `pipe-${at}`,
        params: filled(name, params),
        ...(start !== undefined && { interval: { startMs: Date.parse(start), endMs: Date.parse(end!) } }),
        receivedAtMs,
        body: Buffer.from(body),
      })
    }
    await spool.close()
    const contract = await shippedContract(source.contract)
    const statements = answerRecords(source, contract, map, spool)
    // Instruments are those of the answers; currencies of fixings are looked up.
    const isOpen = contract.dataset !== 'fx_rates'
    await duckdb.run('DROP TABLE IF EXISTS work.bronze')
    for (const [at, { sql, rejects }] of statements.entries()) {
      const into = at === 0 ? 'CREATE TABLE work.bronze AS' : 'INSERT INTO work.bronze BY NAME'
      const place = `${at} AS _s`
      await duckdb.run(`${into} SELECT *, ${place}, row_number() OVER () AS _n FROM (${sql})`)
      if (rejects === undefined) continue
      await duckdb.run(
        `INSERT INTO work.bronze BY NAME SELECT _file, _raw, ${place}, NULL::BIGINT AS _n FROM (${rejects})`,
      )
      await duckdb.run('DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans')
    }
    await duckdb.run(
      `DELETE FROM work.batch_captures; INSERT INTO work.batch_captures SELECT DISTINCT _file, ${isOpen} FROM work.bronze`,
    )
    return contract
  }

  return {
    judge(name, status, body, contentType = 'application/json') {
      const { provider, source } = sourceNamed(name)!
      const expects =
        source.body.kind === 'json' ? ({ kind: 'json' } as const) : { kind: 'csv' as const, ...csvDue(name) }
      const answer = {
        status,
        headers: { 'content-type': contentType },
        body: Buffer.from(body),
        end: 'whole' as const,
      }
      return classify(answer, provider.answers, expects)
    },
    async bronze(name, answers, map) {
      await stage(name, answers, map)
      return (await duckdb.rows('SELECT * EXCLUDE (_s, _n) FROM work.bronze ORDER BY _s, _n')).map(withoutNulls)
    },
    async conformed(name, answers) {
      const contract = await stage(name, answers)
      const bronze = `SELECT * EXCLUDE (_file, _received_at, _s, _n), _file AS _capture_id, _s * 1000000 + _n AS _position, _received_at AS _known_at,
        'captured' AS _known_basis FROM work.bronze WHERE _raw IS NULL`
      const rows = await duckdb.rows(`SELECT * FROM (${conformSql(bronze, contract)}) ORDER BY _position`)
      return rows.map(withoutNulls)
    },
    async close() {
      duckdb.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** The address that a source asks for. */
export function addressOf(name: string, params: Readonly<Record<string, string>>, interval?: Interval): string {
  const { provider, source } = sourceNamed(name)!
  const values = filled(name, params)
  const template: UrlTemplate = urlTemplate(
    { base: provider.url, path: source.path, ...(source.query && { query: source.query }) },
    { params: Object.keys(values), asks: source.asks },
  )
  return template({ params: values, ...(interval && { interval }) })
}

export function captureId(at: number): string {
  return at.toString(16).padStart(32, '0')
}

export async function shippedContract(dataset: string): Promise<ReturnType<typeof loadContract>> {
  const file = `contracts/${dataset}.odcs.yaml`
  return loadContract(await readFile(file, 'utf8'), file)
}

/** Checked, with defaults, and an empty text for what is not given, as the registry does it. */
function filled(name: string, params: Readonly<Record<string, string>>): Record<string, string> {
  const { source } = sourceNamed(name)!
  const values: Readonly<Record<string, unknown>> = source.params.parse(params)
  return Object.fromEntries(Object.keys(source.params.shape).map(key => [key, String(values[key] ?? '')]))
}

function csvDue(name: string): { header?: RegExp; delimiter?: string } {
  const { body } = sourceNamed(name)!.source
  if (body.kind !== 'csv') return {}
  return {
    ...(body.header && { header: body.header }),
    ...(body.dialect.delimiter && { delimiter: body.dialect.delimiter }),
  }
}

function withoutNulls(row: SqlRow): SqlRow {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as SqlRow
}
