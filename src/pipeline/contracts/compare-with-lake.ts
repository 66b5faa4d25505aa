import type { Contract, ContractVersion } from '../../contract/contract.js'
import type { Grade } from '../../contract/diff/change.js'
import { type ContractDiff, diffContracts } from '../../contract/diff/diff-contracts.js'
import { gradeVersion } from '../../contract/diff/grade-version.js'
import type { ParseSql } from '../../contract/sql-guard.js'
import { parseVersion, plainVersion, publishedShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import { evolveSchema } from '../../iceberg/schema.js'
import type { LoadedTable, TableName } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { VERSIONS_SUFFIX } from '../../lake/newest-version.js'
import { currentSnapshot } from '../../lake/scan.js'
import { keptContract } from './kept-contracts.js'

/** A contract beside the one under which the lake's newest rows of its dataset were written; undefined when there are none. */
export async function diffWithLake(contract: Contract, lake: Lake, parse: ParseSql): Promise<ContractDiff | undefined> {
  const table = await newestTable(contract, lake)
  return table === undefined ? undefined : diffWithTable(contract, table, lake, parse)
}

/** The same with one table of the dataset. What a lake that has not kept its contract does not tell is left out: types and version remain. */
export async function diffWithTable(
  contract: Contract,
  table: LoadedTable,
  lake: Lake,
  parse: ParseSql,
): Promise<ContractDiff> {
  const kept = await keptContract(table, contract.dataset, lake.store)
  return kept === undefined ? diffOfShapes(contract, table) : diffContracts(kept, contract, parse)
}

/**
 * Refuses a contract that went back, or that changed what a row is under the major of its table. What only promises less passes: rules are
 * put right that way; the run says so. Throws SLUICE_CONTRACT_VERSION, SLUICE_CONTRACT_BREAKING.
 */
export function refuseUnfit({ layer, dataset }: Contract, diff: ContractDiff): void {
  const [before, after, expected] = [diff.before, diff.after, diff.version.expected].map(plainVersion)
  const what = `The contract of ${layer}.${dataset}`
  if (diff.version.verdict === 'lowered') {
    const message = `${what} went back from version ${before}, under which its table was written, to ${after}. Nothing was written.`
    throw new SluiceError('SLUICE_CONTRACT_VERSION', message, {
      next: `Set its version to ${expected} or a higher one.`,
    })
  }
  const shape = diff.changes.filter(({ grade, about }) => grade === 'breaking' && about === 'shape')
  if (diff.version.verdict !== 'raise' || shape.length === 0) return
  const reasons = shape.map(({ subject, reason }) => `${subject}: ${reason}`).join('; ')
  const message = `${what} breaks version ${before}: ${reasons}. Nothing was written.`
  const next = `Set its version to ${expected}: a breaking change gets a new table, and \`sluice contract migrate ${dataset}\` fills it from captures.`
  throw new SluiceError('SLUICE_CONTRACT_BREAKING', message, { next })
}

/** Refuses a contract when a later major of its dataset has rows: what it wrote would be hidden. Throws SLUICE_CONTRACT_VERSION. */
export async function refuseOldMajor(contract: Contract, lake: Lake): Promise<void> {
  for (const name of (await majorsOf(contract, lake)).filter(({ major }) => major > contract.version.major)) {
    const table = await lake.catalog.load(name)
    if (table === undefined || currentSnapshot(table) === undefined) continue
    const before = parseVersion(table.metadata.properties['sluice.contract-version']) ?? firstOf(name.major)
    const message = `The contract of ${contract.layer}.${contract.dataset} went back from version ${plainVersion(before)}, whose table has rows, to ${plainVersion(contract.version)}. Nothing was written.`
    const next = `Set its version to ${plainVersion(before)} or a higher one; another breaking change is version ${before.major + 1}.0.0.`
    throw new SluiceError('SLUICE_CONTRACT_VERSION', message, { next })
  }
}

/** Whether the table of a contract's major has no rows, and that of an older one has. */
export async function isUnfilled(contract: Contract, lake: Lake): Promise<boolean> {
  const older = (await majorsOf(contract, lake)).filter(({ major }) => major < contract.version.major)
  if (older.length === 0) return false
  const own = await lake.catalog.load(publishedShape(contract).name)
  if (own !== undefined && currentSnapshot(own) !== undefined) return false
  const tables = await Promise.all(older.map(name => lake.catalog.load(name)))
  return tables.some(table => table !== undefined && currentSnapshot(table) !== undefined)
}

/** The table of the newest major that has rows; when none has, the newest. */
async function newestTable(contract: Contract, lake: Lake): Promise<LoadedTable | undefined> {
  const tables = await Promise.all((await majorsOf(contract, lake)).map(name => lake.catalog.load(name)))
  const found = tables.filter(table => table !== undefined)
  return found.find(table => currentSnapshot(table) !== undefined) ?? found[0]
}

/** All tables of a dataset that readers read, the newest major first, with and without versions of rows; some may not be there yet. */
export async function majorsOf(
  { layer, dataset }: Pick<Contract, 'layer' | 'dataset'>,
  lake: Lake,
): Promise<TableName[]> {
  const datasets = layer === 'silver' ? [dataset, `${dataset}${VERSIONS_SUFFIX}`] : [dataset]
  const names = await lake.catalog.names()
  return names.filter(name => name.layer === layer && datasets.includes(name.dataset)).sort((a, b) => b.major - a.major)
}

function diffOfShapes(contract: Contract, table: LoadedTable): ContractDiff {
  const before = parseVersion(table.metadata.properties['sluice.contract-version']) ?? firstOf(table.name.major)
  const evolution = evolveSchema(table.metadata, publishedShape(contract).columns)
  const reasons = evolution.outcome === 'incompatible' ? evolution.reasons : []
  const base = { subject: 'columns', about: 'shape' as const, before: undefined, after: undefined }
  const changes = reasons.map(reason => ({ ...base, grade: 'breaking' as const, reason }))
  const grade: Grade = changes.length > 0 ? 'breaking' : 'none'
  const version = gradeVersion(before, contract.version, grade)
  return { dataset: contract.dataset, before, after: contract.version, grade, version, changes }
}

function firstOf(major: number): ContractVersion {
  return { major, minor: 0, patch: 0 }
}
