import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { type Pipe, PLAIN_DIALECT } from '../../sources/pipe.js'
import type { Project } from '../project/project.js'
import { checkedParams } from '../registry/check-params.js'
import { expandInput } from './expand-input.js'
import { type FilledPipe, fillParameters } from './fill-parameters.js'
import type { PipeDeclaration } from './pipe-declaration.js'
import { selectPipes } from './select-pipes.js'

/** What a run asks for: declared pipes, or files that need no declaration. */
export interface PipeRequest {
  readonly select: readonly string[]
  readonly exclude?: readonly string[] | undefined
  readonly params: Readonly<Record<string, string>>
  /** Files, absolute or relative to the project; they replace the selection. */
  readonly input: readonly string[]
  readonly contract?: string | undefined
}

/**
 * The pipes of a run with parameters filled in and input files named. Reads folders, never a file's content.
 * Throws SLUICE_ARGUMENT_INVALID, SLUICE_PIPE_UNKNOWN, SLUICE_PIPE_INVALID, SLUICE_CONTRACT_UNKNOWN or SLUICE_INPUT_MISSING.
 */
export async function resolvePipes(project: Project, request: PipeRequest): Promise<Pipe[]> {
  if (request.input.length > 0) return [await inputPipe(project, request)]
  if (request.contract !== undefined)
    throw refuse('--contract says how to read --input; a declared pipe has its own contract.')
  const selected = selectPipes(project.pipes, request, project)
  refuseUnknownParams(selected, request.params)
  return Promise.all(
    selected.map(async pipe => {
      const filled = withCheckedParams(fillParameters(pipe, request.params), pipe, request.params)
      return { ...filled, input: await expandAll(filled.input, project.folder) }
    }),
  )
}

/** The contract of a dataset by its name. Throws SLUICE_CONTRACT_UNKNOWN. */
export function contractNamed(contracts: readonly Contract[], name: string): Contract {
  const contract = contracts.find(candidate => candidate.dataset === name)
  if (contract !== undefined) return contract
  const known = contracts.map(candidate => candidate.dataset)
  const message = `No contract is called "${name}".${didYouMean(name, known)} Nothing was written.`
  throw new SluiceError('SLUICE_CONTRACT_UNKNOWN', message, { known })
}

async function inputPipe(project: Project, request: PipeRequest): Promise<Pipe> {
  if (request.select.length > 0 || (request.exclude?.length ?? 0) > 0)
    throw refuse('--input and --select cannot stand together.')
  if (Object.keys(request.params).length > 0)
    throw refuse('--param belongs to --select; files of --input have no parameters.')
  const contract = contractNamed(project.contracts, request.contract ?? defaultContract(project))
  if (contract.layer !== 'silver')
    throw refuse(`${contract.dataset} is a ${contract.layer} dataset: models fill it, not files.`)
  return filePipe(contract, await expandAll(request.input, project.folder))
}

/** The pipe of files that are named with a contract and no declaration. */
export function filePipe({ dataset }: Pick<Contract, 'dataset'>, input: readonly string[]): Pipe {
  return {
    name: `input-${dataset}`,
    source: 'file',
    contract: dataset,
    group: 'input',
    tags: [],
    params: {},
    input,
    dialect: PLAIN_DIALECT,
    map: {},
    universe: 'closed',
    empty: 'refuse',
    capture: 'copy',
    declaredIn: { file: '--input', line: 1, column: 1 },
  }
}

function defaultContract(project: Project): string {
  const silver = project.contracts.filter(contract => contract.layer === 'silver')
  const name = project.config.input.contract ?? (silver.length === 1 ? silver[0]?.dataset : undefined)
  if (name !== undefined) return name
  throw refuse(`Say which contract the files keep: --contract ${silver.map(contract => contract.dataset).join(' | ')}.`)
}

function refuseUnknownParams(pipes: readonly PipeDeclaration[], params: Readonly<Record<string, string>>): void {
  const known = new Set(pipes.flatMap(pipe => Object.keys(pipe.params)))
  const unknown = Object.keys(params).find(name => !known.has(name))
  if (unknown !== undefined)
    throw refuse(`No selected pipe has a parameter called "${unknown}".${didYouMean(unknown, known)}`)
  for (const { fixed = [], template } of pipes) {
    const name = fixed.find(key => Object.hasOwn(params, key))
    if (name !== undefined) throw refuse(`The pipe ${template} has its values of "${name}" from for_each.`)
  }
}

/** What a run gives has to be what the source wants, too. */
function withCheckedParams(
  filled: FilledPipe,
  pipe: PipeDeclaration,
  given: Readonly<Record<string, string>>,
): FilledPipe {
  const isNew = ([name, value]: [string, string | null]) => Object.hasOwn(given, name) || value?.includes('{') === true
  if (!Object.entries(pipe.params).some(isNew)) return filled
  const checked = checkedParams({ ...pipe, params: filled.params })
  const params = Object.entries(checked).map(([name, value]) => [name, value ?? filled.params[name] ?? ''])
  return { ...filled, params: Object.fromEntries(params) }
}

async function expandAll(paths: readonly string[], folder: string): Promise<string[]> {
  const files = await Promise.all(paths.map(path => expandInput(path, folder)))
  return [...new Set(files.flat())]
}

function refuse(message: string): SluiceError {
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${message} Nothing was written.`)
}
