import type { ContractDiff } from '../contract/diff/diff-contracts.js'
import { plainVersion } from '../contract/tables.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { type DiffEntry, renderDiff } from './render-diff.js'
import type { Terminal } from './terminal.js'

/**
 * `sluice contract diff A B`; with one contract, or none for all, beside what the lake was written under. 5 when a change breaks readers,
 * whatever the version says of it, or when the version went back; else 0.
 */
export async function contractDiffCommand(
  before: string | undefined,
  after: string | undefined,
  options: ProjectOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const entries =
    before !== undefined && after !== undefined
      ? [await twoEntry(before, after, options, terminal)]
      : await lakeEntries(before, options, terminal)
  if (!json) terminal.write(entries.map(entry => renderDiff(entry, terminal)).join('\n'))
  else writeJson(terminal, before === undefined ? entries.map(toJson) : toJson(entries[0]!))
  return entries.some(({ diff }) => diff !== undefined && isRefused(diff)) ? 5 : 0
}

async function twoEntry(
  before: string,
  after: string,
  options: ProjectOptions,
  terminal: Terminal,
): Promise<DiffEntry> {
  const { contractAt, diffTwo, isContractFile } = await import('../pipeline/contracts/contract-diffs.js')
  const project = [before, after].every(isContractFile) ? undefined : await openProject(options, terminal)
  const old = await contractAt(before, terminal.folder, project)
  const contract = await contractAt(after, terminal.folder, project)
  return { contract, source: before, diff: await diffTwo(old, contract) }
}

async function lakeEntries(
  name: string | undefined,
  options: ProjectOptions,
  terminal: Terminal,
): Promise<DiffEntry[]> {
  const { contractAt, diffContractsWithLake } = await import('../pipeline/contracts/contract-diffs.js')
  const project = await openProject(options, terminal)
  const contracts = name === undefined ? project.contracts : [await contractAt(name, terminal.folder, project)]
  const found = await diffContractsWithLake(project, contracts)
  return found.map(({ contract, diff }) => ({ contract, diff, source: 'the lake' }))
}

function isRefused({ grade, version }: ContractDiff): boolean {
  return grade === 'breaking' || version.verdict === 'lowered'
}

function toJson({ contract, source, diff }: DiffEntry) {
  const { dataset, layer, version } = contract
  const after = plainVersion(version)
  if (diff === undefined) return { dataset, layer, beside: source, before: null, after, grade: 'none', changes: [] }
  return {
    dataset,
    layer,
    beside: source,
    before: plainVersion(diff.before),
    after,
    grade: diff.grade,
    version: { verdict: diff.version.verdict, expected: plainVersion(diff.version.expected) },
    changes: diff.changes.map(({ before: was, after: is, ...change }) => ({
      ...change,
      before: was ?? null,
      after: is ?? null,
    })),
  }
}
