import { statfs } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { asSluiceError } from '../../core/errors.js'
import { SLUICE_VERSION } from '../../core/version.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { checkDataFiles } from '../../lake/check-data-files.js'
import { dataFiles } from '../../lake/scan.js'
import { formerLocations } from '../../lake/table-location.js'
import { type Deps, systemDeps } from '../deps.js'
import { brokenOff } from '../holding/broken-off.js'
import { lakeMark, projectStore } from '../lake-store.js'
import type { Project } from '../project/project.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import type { Finding } from './finding.js'
import { leftoverFindings } from './leftovers.js'

const OLDEST_NODE = [20, 19] as const
const LOW_DISK_BYTES = 1 << 30
const LAYOUT_GONE: Finding = {
  subject: 'lake',
  status: 'fail',
  detail: 'SLUICE_METADATA_CORRUPT: it has tables or runs, and _layout.json, which says how they are laid out, is gone',
  next: 'Restore the file from a backup, and run `sluice verify`: more may be gone. The next run of this version writes it again.',
  code: 'SLUICE_METADATA_CORRUPT',
}

/** Looks at this machine and this lake. Changes nothing. */
export async function doctor(project: Project, deps: Deps = systemDeps): Promise<Finding[]> {
  const findings: Finding[] = [
    { subject: 'sluice', status: 'ok', detail: SLUICE_VERSION },
    nodeCheck(process.versions.node),
    {
      subject: 'machine',
      status: 'ok',
      detail: `${availableParallelism()} cores, ${gigabytes(totalmem())} memory, ${process.platform}-${process.arch}`,
    },
    { subject: 'lake', status: 'ok', detail: project.config.lake },
  ]
  try {
    const { workFolder } = projectStore(project).capabilities
    const mark = await lakeMark(project)
    if (mark === 'none')
      return [...findings, { subject: 'lake', status: 'warn', detail: 'not written to yet', next: 'Run `sluice run`.' }]
    if (mark === 'gone') findings.push(LAYOUT_GONE)
    findings.push(await diskCheck(workFolder))
    await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
    const [engine] = await workspace.engines[0]!.rows('SELECT version() AS version')
    findings.push({
      subject: 'engine',
      status: 'ok',
      detail: `DuckDB ${engine?.['version']}, ${project.config.engine.memoryLimit}, ${project.config.engine.threads} threads`,
    })
    const tables = await tableChecks(workspace)
    findings.push(...tables)
    // What nothing names can only be said when everything that names can be read.
    if (tables.every(finding => finding.status !== 'fail'))
      findings.push(...(await leftoverFindings(workspace, [workFolder, project.config.engine.tempFolder])))
    findings.push(...(await brokenOff(workspace, deps)))
  } catch (thrown) {
    findings.push(failure('lake', thrown))
  }
  return findings
}

/** Every table opens, and every file that its snapshot names is there and whole. */
async function tableChecks({ lake, engines }: Workspace): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const name of await lake.catalog.list()) {
    const check = `${name.layer}.${name.dataset}`
    try {
      const table = (await lake.catalog.load(name))!
      const files = await dataFiles(lake, table)
      await checkDataFiles(lake, table, files, engines[0]!)
      findings.push(tableFinding(check, table, files.length))
    } catch (thrown) {
      findings.push(failure(check, thrown))
    }
  }
  return findings
}

function tableFinding(check: string, { version, metadata }: LoadedTable, files: number): Finding {
  const detail = `${files} files, version ${version}`
  const former = formerLocations(metadata)
  if (former.length === 0) return { subject: check, status: 'ok', detail }
  return {
    ...{ subject: check, status: 'warn', detail: `${detail}; files of before are named at ${former.join(', ')}` },
    next: 'Sluice reads them here. Other engines look for them there: see docs/guides/run-on-s3.md.',
  }
}

function failure(check: string, thrown: unknown): Finding {
  const error = asSluiceError(thrown)
  const { code, message, next } = error
  return { subject: check, status: 'fail', detail: `${code}: ${message}`, next, code }
}

function nodeCheck(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const fits = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  if (fits) return { subject: 'node', status: 'ok', detail: version }
  return { subject: 'node', status: 'fail', detail: version, next: `Install Node ${OLDEST_NODE.join('.')} or newer.` }
}

/** Of the disk where unfinished files go, whether there are any yet or not. */
async function diskCheck(folder: string): Promise<Finding> {
  const found = await statfs(folder).catch(() => undefined)
  if (found === undefined) return dirname(folder) === folder ? NO_DISK : diskCheck(dirname(folder))
  const { bavail, bsize } = found
  const free = bavail * bsize
  return { subject: 'disk', status: free < LOW_DISK_BYTES ? 'warn' : 'ok', detail: `${gigabytes(free)} free` }
}

const NO_DISK: Finding = { subject: 'disk', status: 'warn', detail: 'its room cannot be told' }

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GB`
}
