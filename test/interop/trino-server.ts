import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A Trino of our own with an empty catalog, `lake`. */
export interface Trino {
  readonly version: string
  /** The rows of a statement as its protocol gives them: decimals, times and dates as text. Throws what Trino says. */
  rows(sql: string): Promise<readonly (readonly unknown[])[]>
  close(): void
}

const SOURCE = fileURLToPath(new URL('trino/TrinoServer.java', import.meta.url))
const VERSION = '435'

/**
 * Whether there is a Trino: SLUICE_TRINO names the folder of its jars (`mvn dependency:copy-dependencies` with trino/pom.xml). Where it is
 * set, a Trino that does not start is a failure, not a reason to leave the tests out.
 */
export function trinoFolder(): string | undefined {
  const folder = process.env['SLUICE_TRINO']
  if (folder === undefined || folder === '') return undefined
  if (!existsSync(`${folder}/trino-main-${VERSION}.jar`))
    throw new Error(`SLUICE_TRINO: ${folder} has no trino-main-${VERSION}.jar`)
  return folder
}

export async function startTrino(folder: string): Promise<Trino> {
  const child = spawn('java', ['-Xmx5g', '-cp', `${folder}/*`, SOURCE], { stdio: ['pipe', 'pipe', 'pipe'] })
  const url = await addressOf(child)
  return { version: VERSION, rows: sql => statement(url, sql), close: () => void child.stdin?.end() }
}

/** The server's log goes where its output goes; the last of it is what a failure needs. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = ''
    const read = (chunk: Buffer): void => {
      log = (log + chunk.toString()).slice(-20_000)
      const ready = /READY (\S+)/.exec(log)
      if (ready !== null) resolve(ready[1]!)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.on('error', reject)
    child.on('exit', code => reject(new Error(`Trino ended with ${code}: ${log.slice(-3000)}`)))
  })
}

interface Answer {
  readonly nextUri?: string
  readonly data?: readonly (readonly unknown[])[]
  readonly error?: {
    readonly message: string
    readonly errorLocation?: { readonly lineNumber: number; readonly columnNumber: number }
  }
}

const HEADERS = {
  'X-Trino-User': 'judge',
  'X-Trino-Catalog': 'lake',
  'X-Trino-Schema': 'default',
  'X-Trino-Time-Zone': 'UTC',
  // As the guide says: Trino works out a CTE for each place that names it, and allows 150 stages unasked.
  'X-Trino-Session': 'query_max_stage_count=600,task_concurrency=1',
}

async function statement(url: string, sql: string): Promise<readonly (readonly unknown[])[]> {
  const rows: (readonly unknown[])[] = []
  let answer = await ask(`${url}/v1/statement`, { method: 'POST', body: sql })
  for (;;) {
    if (answer.error !== undefined) throw new Error(saysAt(answer.error, sql))
    for (const row of answer.data ?? []) rows.push(row)
    if (answer.nextUri === undefined) return rows
    answer = await ask(answer.nextUri, {})
  }
}

async function ask(url: string, options: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...options, headers: HEADERS })
  if (!response.ok) throw new Error(`Trino answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as Answer
}

function saysAt({ message, errorLocation }: NonNullable<Answer['error']>, sql: string): string {
  const line = errorLocation === undefined ? sql.slice(0, 300) : sql.split('\n')[errorLocation.lineNumber - 1]?.trim()
  return `${message}\n${line}`
}
