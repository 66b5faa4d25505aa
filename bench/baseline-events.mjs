// The way of the events as a person would script it in DuckDB by hand: node bench/baseline-events.mjs [file] [output folder]
// The same tables as Parquet; no contracts, captures, evidence, commits, merging with earlier runs or exact long numbers.
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { goldShape, silverShape } from '../dist/contract/tables.js'
import { openDuckDb } from '../dist/engine/duckdb.js'
import { planModels } from '../dist/pipeline/derive/plan-models.js'
import { loadProject } from '../dist/pipeline/project/load-project.js'
import { emptySql } from '../dist/pipeline/read/lake-views.js'
import { generateEvents } from './generate-events.mjs'
import { openGold, viewModel, writeModel } from './hand-gold.mjs'
import { benchPath, instrumentsCsv, MEMORY_LIMIT, makeProject, THREADS } from './workplace.mjs'

/** Columns of the contract that these events leave empty, and those that say where a row comes from: the same outputs have them too. */
const ABSENT = ['bid', 'ask', 'side', 'venue', '"source"']
const ORIGIN = `now() AS known_at, 'captured' AS known_basis, md5('capture') AS capture_id, 'v1.0.0' AS contract_version`
const FIELDS = ['event_id', 'instrument_id', 'event_type', 'event_time', 'price', 'size', 'currency']

/** Writes bronze, silver, quarantine and gold of one NDJSON file below `out`, which is emptied first. Returns the seconds of each step. */
export async function runBaseline(input, out) {
  rmSync(out, { recursive: true, force: true })
  const session = await openSession(out)
  const steps = []
  for (const step of [read, writeBronze, typeRows, writeQuarantine, dedupe, writeSilver, writeGold]) {
    const started = performance.now()
    await step(session, input)
    steps.push({ step: step.name, seconds: Math.round(performance.now() - started) / 1000 })
  }
  session.close()
  return steps
}

async function openSession(out) {
  const duckDb = await openDuckDb({ threads: THREADS, memoryLimit: MEMORY_LIMIT, tempFolder: benchPath('temp') })
  // Files this small are written by one thread each, so two statements at once keep two cores busy.
  const connections = await Promise.all(Array.from({ length: THREADS }, () => duckDb.connect()))
  const [first] = connections
  return {
    out,
    connections,
    run: sql => first.run(sql),
    write: (table, select) => first.run(copyTo(out, table, select)),
    /** Writes a file per value of the partition key: a partitioned COPY costs half as much again. `selectOf` gets the value. */
    writeEach: async (table, source, key, selectOf) => {
      const values = await first.rows(
        `SELECT DISTINCT ${key} AS value FROM ${source} WHERE ${key} IS NOT NULL ORDER BY ALL DESC`,
      )
      const left = values.map(({ value }) => value)
      const work = async connection => {
        for (let value = left.pop(); value !== undefined; value = left.pop()) {
          await connection.run(copyTo(out, `${table}/${key}=${value}`, selectOf(value)))
        }
      }
      await Promise.all(connections.map(work))
    },
    close: () => {
      for (const connection of connections) connection.close()
      duckDb.close()
    },
  }
}

function copyTo(out, name, select) {
  const path = join(out, `${name}.parquet`)
  mkdirSync(dirname(path), { recursive: true })
  return `COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`
}

/** The file is parsed once. A line that is no JSON becomes a row of NULLs. */
async function read({ run }, input) {
  const columns = FIELDS.map(field => `${field}: 'VARCHAR'`).join(', ')
  const lines = `read_json('${input}', format = 'newline_delimited', columns = {${columns}}, ignore_errors = true)`
  // Whole hours since 1970, by arithmetic: date_trunc on TIMESTAMPTZ goes through the time zone library and is slow.
  await run(
    `CREATE TABLE raw AS SELECT *, epoch_us(TRY_CAST(event_time AS TIMESTAMPTZ)) // 3600000000 AS hour FROM ${lines}`,
  )
}

async function writeBronze({ writeEach }) {
  const absent = ABSENT.map(field => `NULL::VARCHAR AS ${field}`).join(', ')
  const select = `SELECT ${FIELDS}, ${absent}, NULL::VARCHAR AS extra, rowid AS position, ${ORIGIN},
    TRY_CAST(event_time AS TIMESTAMPTZ) AS partition_time FROM raw`
  await writeEach('bronze/market_events', 'raw', 'hour', hour => `${select} WHERE hour = ${hour}`)
}

async function typeRows({ run }) {
  const ids = instrumentsCsv().trim().split('\n').slice(1)
  await run(`CREATE TABLE instruments AS SELECT unnest(['${ids.join("', '")}']) AS instrument_id`)
  await run(`CREATE TABLE typed AS
    SELECT *, CASE
        WHEN event_id IS NULL AND instrument_id IS NULL AND currency IS NULL THEN 'unreadable'
        WHEN event_id IS NULL OR event_type IS NULL OR currency IS NULL THEN 'missing_key'
        WHEN event_time IS NULL OR price IS NULL OR size IS NULL THEN 'type'
        WHEN event_type NOT IN ('trade', 'quote', 'price') THEN 'event_type_known'
        WHEN price <= 0 THEN 'price_positive'
        WHEN size < 0 THEN 'size_not_negative'
        WHEN NOT regexp_full_match(currency, '[A-Z0-9]{3,10}') THEN 'currency_code'
        WHEN instrument_id IS NULL OR instrument_id NOT IN (FROM instruments) THEN 'unknown_instrument'
      END AS rule
    FROM (SELECT rowid AS position, event_id, instrument_id, event_type, TRY_CAST(event_time AS TIMESTAMPTZ) AS event_time,
      ${amount('price')} AS price, ${amount('size')} AS size, currency, hour FROM raw)`)
}

/** The plain cast to more than 18 digits takes 10 µs per value. */
function amount(text) {
  return `coalesce(TRY_CAST(${text} AS DECIMAL(18, 9))::DECIMAL(38, 18), TRY_CAST(${text} AS DECIMAL(38, 18)))`
}

async function writeQuarantine({ run, write }) {
  const rejected = 'SELECT raw.*, position, rule FROM raw JOIN typed ON raw.rowid = position WHERE rule IS NOT NULL'
  await write('quarantine/market_events', rejected)
  const metrics =
    'SELECT rule, count(*) AS failed, (SELECT count(*) FROM typed) AS rows FROM typed WHERE rule IS NOT NULL GROUP BY rule'
  await write('gold/data_quality_metrics', metrics)
  await run('DROP TABLE raw')
}

/** The first row of a key stays. Hashes find the few candidates, which is cheaper than a window over all rows. */
async function dedupe({ run }) {
  const key = 'hash(instrument_id, event_time, event_id)'
  await run(`CREATE TABLE losers AS
    WITH repeated AS (SELECT ${key} AS key FROM typed WHERE rule IS NULL GROUP BY key HAVING count(*) > 1)
    SELECT position FROM typed WHERE rule IS NULL AND ${key} IN (FROM repeated)
    QUALIFY row_number() OVER (PARTITION BY instrument_id, event_time, event_id ORDER BY position) > 1`)
  await run(`CREATE TABLE kept AS SELECT * EXCLUDE (rule), hour // 24 AS day FROM typed
    WHERE rule IS NULL AND position NOT IN (FROM losers) ORDER BY hour, instrument_id, event_time, event_id`)
  await run('DROP TABLE typed')
}

async function writeSilver({ writeEach }) {
  const absent = ABSENT.map(
    field => `NULL::${field === 'bid' || field === 'ask' ? 'DECIMAL(38, 18)' : 'VARCHAR'} AS ${field}`,
  ).join(', ')
  const select = `SELECT * EXCLUDE (hour, day), ${absent}, ${ORIGIN} FROM kept`
  await writeEach('silver/market_events', 'kept', 'hour', hour => `${select} WHERE hour = ${hour}`)
}

/**
 * The models are the product's own: what is compared is the way around them. Bars read the rows where they lie, not the files,
 * and a day at a time: all days at once do not fit the memory.
 */
async function writeGold({ connections, run, out, writeEach }) {
  const [first] = connections
  const project = await loadProject({ folder: makeProject('baseline-project') })
  const gold = join(out, 'gold')
  await openGold(project, first)
  for (const contract of project.contracts.filter(({ layer }) => layer === 'silver')) {
    const shape = silverShape(contract)
    const rows = contract.dataset === 'market_events' ? 'SELECT *, now() AS _known_at FROM kept' : emptySql(shape)
    for (const name of new Set([contract.dataset, shape.name.dataset]))
      await run(`CREATE VIEW silver.${name} AS ${rows}`)
  }
  for (const model of await planModels(project, first)) {
    if (model.table !== 'price_bars') await writeModel(model, { project, connections, out: gold })
    else {
      const shape = goldShape(project.contracts.find(({ dataset }) => dataset === model.contract))
      const events = day => `(SELECT *, now() AS _known_at FROM kept WHERE day = ${day})`
      const bars = day =>
        `${model.sql.replaceAll('silver.market_events', events(day))} ORDER BY ${shape.order.join(', ')}`
      await writeEach('gold/price_bars', 'kept', 'day', bars)
      await viewModel('price_bars', shape, first, gold)
    }
  }
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const input = process.argv[2] ?? (await generateEvents({ rows: 5_000_000 }))
  const started = performance.now()
  const steps = await runBaseline(input, process.argv[3] ?? benchPath('baseline'))
  console.table(steps)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  console.log(
    `${seconds} s, ${((userCPUTime + systemCPUTime) / 1e6).toFixed(1)} CPU s, peak memory ${Math.round(maxRSS / 1024)} MB`,
  )
}
