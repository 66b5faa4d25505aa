import { createRequire } from 'node:module'
import type { DuckDBConnection } from '@duckdb/node-api'
import { SluiceError } from '../core/errors.js'
import type { Engine, ParsedSql, SqlRow, SqlValue } from './engine.js'
import { quoteText } from './sql-text.js'

// By `import` its 40 files of CommonJS would be read twice: once for the names that they export.
const { DuckDBInstance, DuckDBTimestampTZValue } = createRequire(import.meta.url)(
  '@duckdb/node-api',
) as typeof import('@duckdb/node-api')

export interface DuckDbSettings {
  readonly threads: number
  /** Such as `1GB`. DuckDB's own default is 80 % of the machine per process. */
  readonly memoryLimit: string
  /** Where intermediate results spill; created on demand. */
  readonly tempFolder: string
}

/** One DuckDB in this process. Connections share its tables in `memory.main`; temp tables belong to a connection. */
export interface DuckDb {
  connect(): Promise<DuckDbConnection>
  close(): void
}

export interface DuckDbConnection extends Engine {
  close(): void
}

/** Starts DuckDB in UTC, without extensions from the network. */
export async function openDuckDb(settings: DuckDbSettings): Promise<DuckDb> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(settings.threads),
    memory_limit: settings.memoryLimit,
    temp_directory: settings.tempFolder,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    preserve_insertion_order: 'true',
    // Memory that was freed goes back to the system soon: peaks of one step are not kept beside those of the next.
    allocator_flush_threshold: '16MB',
    allocator_bulk_deallocation_flush_threshold: '32MB',
  })
  // Instants become text in this zone, whatever the machine's own is.
  DuckDBTimestampTZValue.timezoneOffsetInMinutes = 0
  const connect = async (): Promise<DuckDbConnection> => connection(await instance.connect(), settings)
  const first = await connect()
  await first.run(`SET GLOBAL TimeZone = 'UTC'`)
  first.close()
  return {
    connect,
    close: () => instance.closeSync(),
  }
}

function connection(raw: DuckDBConnection, { memoryLimit }: DuckDbSettings): DuckDbConnection {
  const rows = async (sql: string): Promise<SqlRow[]> => {
    const reader = await translate(() => raw.runAndReadAll(sql))
    return reader.getRowObjectsJson() as unknown as SqlRow[]
  }
  return {
    run: async sql => {
      await translate(() => raw.run(sql))
    },
    rows,
    firstRows: async (sql, count) => {
      const reader = await translate(() => raw.streamAndReadUntil(sql, count + 1))
      const rows = reader.getRowObjectsJson() as unknown as SqlRow[]
      return { rows: rows.slice(0, count), more: rows.length > count }
    },
    // Whoever sets the limit, to the same one too, has DuckDB empty what its allocator keeps.
    giveBack: async () => {
      await translate(() => raw.run(`SET memory_limit = ${quoteText(memoryLimit)}`))
    },
    parse: parser(rows),
    close: () => raw.closeSync(),
  }
}

interface WaitingParse {
  readonly sql: string
  readonly resolve: (parsed: ParsedSql) => void
  readonly reject: (cause: unknown) => void
}

/** Texts that are asked for at once are parsed by one statement: the contracts of a project hold hundreds. */
function parser(rows: (sql: string) => Promise<SqlRow[]>): (sql: string) => Promise<ParsedSql> {
  let waiting: WaitingParse[] = []
  const parseAll = async (batch: readonly WaitingParse[]): Promise<void> => {
    const texts = batch.map(({ sql }, at) => `(${at}, ${quoteText(sql)})`).join(', ')
    try {
      const trees = await rows(
        `SELECT json_serialize_sql(sql)::VARCHAR AS tree FROM (VALUES ${texts}) v(n, sql) ORDER BY n`,
      )
      for (const [at, { resolve }] of batch.entries()) resolve(parsedOf(JSON.parse(String(trees[at]!['tree']))))
    } catch (cause) {
      if (batch.length === 1) batch[0]!.reject(cause)
      // What the parser cannot bear is the fault of one text alone.
      else for (const one of batch) await parseAll([one])
    }
  }
  return async sql => {
    if (sql.includes('\0')) return { ok: false, message: 'the SQL holds a NUL character', position: undefined }
    return new Promise((resolve, reject) => {
      waiting.push({ sql, resolve, reject })
      if (waiting.length > 1) return
      setImmediate(() => {
        const batch = waiting
        waiting = []
        void parseAll(batch)
      })
    })
  }
}

function parsedOf(tree: SerializedSql): ParsedSql {
  if (!tree.error) return { ok: true, statements: tree.statements ?? [] }
  const position = tree.position === undefined ? undefined : Number(tree.position)
  return { ok: false, message: tree.error_message ?? 'the SQL cannot be parsed', position }
}

interface SerializedSql {
  readonly error: boolean
  readonly error_message?: string
  readonly position?: string
  readonly statements?: readonly unknown[]
}

/** DuckDB's failures that the machine causes get their own code; the others stay as they are, for the caller who knows the SQL. */
async function translate<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    if (/no space left|could not write all bytes|disk full|file too large|max_temp_directory_size/i.test(message)) {
      const [, file] = /["']([^"']*\/[^"']*)["']/.exec(message) ?? []
      const disk = file === undefined ? 'The disk' : `The disk of ${file}`
      throw new SluiceError('SLUICE_STORE_FULL', `${disk} is full. Nothing was published.`, { engine: message }, cause)
    }
    if (/^Out of Memory Error/.test(message)) {
      const [words] = message.split('\n')
      throw new SluiceError(
        'SLUICE_MEMORY_SHORT',
        'The SQL engine may not have the memory that this takes. Nothing was published.',
        { engine: words },
        cause,
      )
    }
    if (/read-only file system|permission denied/i.test(message)) {
      throw new SluiceError(
        'SLUICE_STORE_READ_ONLY',
        'A file cannot be written. Nothing was published.',
        { engine: message },
        cause,
      )
    }
    throw cause
  }
}

/** A whole number from a row: DuckDB gives BIGINT as text. */
export function asNumber(value: SqlValue | undefined): number {
  return value === null || value === undefined ? 0 : Number(value)
}
