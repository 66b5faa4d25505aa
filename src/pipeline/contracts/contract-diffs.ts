import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Contract } from '../../contract/contract.js'
import { type ContractDiff, diffContracts } from '../../contract/diff/diff-contracts.js'
import { loadContract } from '../../contract/load-contract.js'
import type { ParseSql } from '../../contract/sql-guard.js'
import { SluiceError } from '../../core/errors.js'
import { type DuckDbConnection, openDuckDb } from '../../engine/duckdb.js'
import { systemDeps } from '../deps.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import type { Project } from '../project/project.js'
import { openMetadata } from '../read/tables.js'
import { diffWithLake } from './compare-with-lake.js'

/** A contract of the lake beside that of the project; `diff` is undefined when the lake has no table of the dataset. */
export interface LakeDiff {
  readonly contract: Contract
  readonly diff: ContractDiff | undefined
}

/** Whether a text names a file rather than a contract of a project. */
export function isContractFile(text: string): boolean {
  return /[\\/]|\.ya?ml$/i.test(text)
}

/** The contract that a file holds, or that a project calls so. Throws SLUICE_CONTRACT_UNKNOWN, SLUICE_CONTRACT_INVALID, SLUICE_INPUT_MISSING. */
export async function contractAt(text: string, folder: string, project: Project | undefined): Promise<Contract> {
  if (!isContractFile(text)) return contractNamed(project?.contracts ?? [], text)
  const file = resolve(folder, text)
  const body = await readFile(file, 'utf8').catch(cause => {
    throw new SluiceError('SLUICE_INPUT_MISSING', `There is no contract ${file}.`, { place: { file } }, cause)
  })
  return loadContract(body, text)
}

/** How the second contract differs from the first. */
export async function diffTwo(before: Contract, after: Contract): Promise<ContractDiff> {
  return withParser(parse => diffContracts(before, after, parse))
}

/** How contracts differ from those under which the lake's newest rows were written. Writes nothing. */
export async function diffContractsWithLake(project: Project, contracts: readonly Contract[]): Promise<LakeDiff[]> {
  const lake = await openMetadata(project, systemDeps)
  return withParser(async parse => {
    const found: LakeDiff[] = []
    for (const contract of contracts) found.push({ contract, diff: await diffWithLake(contract, lake, parse) })
    return found
  })
}

/** An engine is started when there is SQL to compare, and not before. */
async function withParser<T>(work: (parse: ParseSql) => Promise<T>): Promise<T> {
  let opened: Promise<{ engine: DuckDbConnection; close: () => void }> | undefined
  const open = async () => {
    const db = await openDuckDb({ threads: 1, memoryLimit: '256MB', tempFolder: join(tmpdir(), 'sluice-parse') })
    const engine = await db.connect()
    return {
      engine,
      close: () => {
        engine.close()
        db.close()
      },
    }
  }
  try {
    return await work(async sql => {
      opened ??= open()
      return (await opened).engine.parse(sql)
    })
  } finally {
    if (opened !== undefined) (await opened).close()
  }
}
