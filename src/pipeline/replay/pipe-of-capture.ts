import type { CaptureRecord } from '../../bronze/capture-record.js'
import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import { providerName } from '../../sources/generic/http-source.js'
import type { Pipe } from '../../sources/pipe.js'
import { sourceNamed } from '../../sources/provider-list.js'
import { asksProvider } from '../fetch/asking-pipes.js'
import { fillParameters } from '../pipes/fill-parameters.js'
import { filePipe } from '../pipes/resolve-pipes.js'
import type { Project } from '../project/project.js'

/** The pipe by which the records of a capture are read today, or why there is none. */
export type PipeFound = { readonly pipe: Pipe } | { readonly why: string }

/** Finds pipes by the names that captures have; captures of one name and the same parameters get one pipe. */
export function pipesOfCaptures(
  project: Project,
  contract: Contract,
): (record: Pick<CaptureRecord, 'pipe' | 'params'>, provider: string) => PipeFound {
  const known = new Map<string, PipeFound>()
  return ({ pipe, params }, provider) => {
    const key = JSON.stringify([pipe, provider, Object.entries(params).sort()])
    const found = known.get(key) ?? findPipe(pipe, params, provider, project, contract)
    known.set(key, found)
    return found
  }
}

function findPipe(
  name: string,
  params: CaptureRecord['params'],
  provider: string,
  project: Project,
  contract: Contract,
): PipeFound {
  const declared = project.pipes.find(candidate => candidate.name === name)
  if (declared === undefined) {
    const plain = filePipe(contract, [])
    return name === plain.name ? { pipe: plain } : { why: `the pipe ${name} is not declared any more` }
  }
  if (declared.contract !== contract.dataset) return { why: `the pipe ${name} fills ${declared.contract} now` }
  if (providerOf(declared) !== provider)
    return { why: `the pipe ${name} reads ${providerOf(declared)} now, not ${provider}` }
  try {
    return { pipe: { ...fillParameters(declared, params), input: [] } }
  } catch (cause) {
    if (cause instanceof SluiceError) return { why: cause.message }
    throw cause
  }
}

/** Under which provider a pipe's captures lie. */
function providerOf(pipe: Pick<Pipe, 'source' | 'http'>): string {
  if (!asksProvider(pipe)) return pipe.source.split('.')[0]!
  return pipe.http === undefined
    ? (sourceNamed(pipe.source)?.provider.name ?? pipe.source)
    : providerName(pipe.http.url)
}
