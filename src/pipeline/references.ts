import { readFile } from 'node:fs/promises'
import type { Contract } from '../contract/contract.js'
import { SluiceError } from '../core/errors.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import type { Project } from './project.js'

/** Loads the project's reference CSVs (instruments, aliases) as tables of schema `reference`, all columns as text. */
export async function loadReferences(project: Project, engine: Engine): Promise<void> {
  refuseMissing(project)
  for (const [name, path] of Object.entries(project.references)) {
    await readFile(path).catch(cause => {
      throw new SluiceError(
        'SLUICE_CONFIG_INVALID',
        `The reference table ${name} has no file ${path}.`,
        { place: { file: path } },
        cause,
      )
    })
    const csv = `read_csv(${quoteText(path)}, header = true, all_varchar = true, delim = ',', quote = '"', auto_detect = true)`
    await engine.run(`CREATE OR REPLACE TABLE reference.${quoteIdent(name)} AS SELECT * FROM ${csv}`).catch(cause => {
      if (cause instanceof SluiceError) throw cause
      const line = /line:? (\d+)/i.exec(String(cause))?.[1]
      const place = { file: path, ...(line === undefined ? {} : { line: Number(line) }) }
      throw new SluiceError(
        'SLUICE_CONFIG_INVALID',
        `The reference table ${path} cannot be read as CSV.`,
        { place },
        cause,
      )
    })
  }
}

function refuseMissing(project: Project): void {
  for (const contract of project.contracts) {
    for (const rule of contract.rules) {
      if (rule.test.kind !== 'reference' || project.references[rule.test.table] !== undefined) continue
      throw unknownReference(contract, rule.id, rule.test.table)
    }
  }
}

function unknownReference(contract: Contract, rule: string, table: string): SluiceError {
  return new SluiceError(
    'SLUICE_CONTRACT_INVALID',
    `The rule ${rule} of ${contract.dataset} looks into the table ${table}; the project has no ${table}.csv.`,
    {
      place: { file: contract.file },
    },
  )
}
