import { statfs } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { asSluiceError } from '../core/errors.js'
import { SLUICE_VERSION } from '../core/version.js'
import { localPath } from '../lake/read-sql.js'
import { dataFiles } from '../lake/scan.js'
import { type Deps, systemDeps } from './deps.js'
import type { Project } from './project.js'
import { lakeExists, localRoot, openWorkspace, type Workspace } from './workspace.js'

export interface Diagnosis {
  readonly check: string
  readonly verdict: 'ok' | 'warn' | 'fail'
  readonly text: string
  readonly next?: string
}

const OLDEST_NODE = [20, 19] as const
const LOW_DISK_BYTES = 1 << 30

/** Looks at this machine and this lake. Changes nothing. */
export async function doctor(project: Project, deps: Deps = systemDeps): Promise<Diagnosis[]> {
  const findings: Diagnosis[] = [
    { check: 'sluice', verdict: 'ok', text: SLUICE_VERSION },
    nodeCheck(process.versions.node),
    { check: 'machine', verdict: 'ok', text: `${availableParallelism()} cores, ${gigabytes(totalmem())} memory, ${process.platform}-${process.arch}` },
    { check: 'lake', verdict: 'ok', text: localRoot(project) },
  ]
  if (!(await lakeExists(project))) {
    return [...findings, { check: 'lake', verdict: 'warn', text: 'not written to yet', next: 'Run `sluice run`.' }]
  }
  findings.push(await diskCheck(project))
  try {
    await using workspace = await openWorkspace(project, deps, { access: 'read', connections: 1 })
    const [engine] = await workspace.engines[0]!.rows('SELECT version() AS version')
    findings.push({ check: 'engine', verdict: 'ok', text: `DuckDB ${engine?.['version']}, ${project.config.engine.memoryLimit}, ${project.config.engine.threads} threads` })
    findings.push(...(await tableChecks(workspace)))
  } catch (thrown) {
    findings.push(failure('lake', thrown))
  }
  return findings
}

/** Every table opens, and every file that its snapshot names is there. */
async function tableChecks({ lake }: Workspace): Promise<Diagnosis[]> {
  const findings: Diagnosis[] = []
  for (const name of await lake.catalog.list()) {
    const check = `${name.layer}.${name.dataset}`
    try {
      const table = (await lake.catalog.load(name))!
      const files = await dataFiles(lake, table)
      for (const file of files) await localPath(lake, table, file)
      findings.push({ check, verdict: 'ok', text: `${files.length} files, version ${table.version}` })
    } catch (thrown) {
      findings.push(failure(check, thrown))
    }
  }
  return findings
}

function failure(check: string, thrown: unknown): Diagnosis {
  const error = asSluiceError(thrown)
  return { check, verdict: 'fail', text: `${error.code}: ${error.message}`, next: error.next }
}

function nodeCheck(version: string): Diagnosis {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const fits = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  if (fits) return { check: 'node', verdict: 'ok', text: version }
  return { check: 'node', verdict: 'fail', text: version, next: `Install Node ${OLDEST_NODE.join('.')} or newer.` }
}

async function diskCheck(project: Project): Promise<Diagnosis> {
  const { bavail, bsize } = await statfs(localRoot(project))
  const free = bavail * bsize
  return { check: 'disk', verdict: free < LOW_DISK_BYTES ? 'warn' : 'ok', text: `${gigabytes(free)} free` }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GB`
}
