import type { Contract } from '../contract/contract.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

/** `sluice contract show [NAME]`: one contract in full, or the list of them. */
export async function contractShowCommand(
  name: string | undefined,
  options: ProjectOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  if (name === undefined) {
    if (json) writeJson(terminal, project.contracts)
    else terminal.write(renderContracts(project.contracts, terminal))
    return 0
  }
  const { contractNamed } = await import('../pipeline/pipes/resolve-pipes.js')
  const contract = contractNamed(project.contracts, name)
  if (json) writeJson(terminal, contract)
  else {
    const { describeContract } = await import('../contract/describe.js')
    terminal.write(`${describeContract(contract).trimEnd()}\n`)
  }
  return 0
}

/** `sluice contract lint [NAME]`: exit 2 when a contract cannot be kept. */
export async function contractLintCommand(
  name: string | undefined,
  options: ProjectOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { lintContracts } = await import('../pipeline/doctor/validate.js')
  const { contractNamed } = await import('../pipeline/pipes/resolve-pipes.js')
  const { reportFindings } = await import('./findings-command.js')
  const contracts = name === undefined ? project.contracts : [contractNamed(project.contracts, name)]
  return reportFindings(await lintContracts(project, contracts), json, terminal)
}

/** The contracts of a project, one a line. */
export function renderContracts(contracts: readonly Contract[], look: Pick<Terminal, 'colors'>): string {
  if (contracts.length === 0) return 'This project has no contracts.\n'
  const columns = [{ head: 'dataset' }, { head: 'layer' }, { head: 'version' }, { head: 'key' }, { head: 'file' }]
  const rows = contracts.map(({ dataset, layer, version, primaryKey, file }) => [
    dataset,
    layer,
    `${version.major}.${version.minor}.${version.patch}`,
    primaryKey.join(', '),
    file,
  ])
  return `${tableText(columns, rows, look)}\n`
}
