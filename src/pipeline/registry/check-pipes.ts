import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import type { HttpBlock } from '../../sources/generic/http-block.js'
import { providerName } from '../../sources/generic/http-source.js'
import type { Dialect } from '../../sources/pipe.js'
import { type PipeDeclaration, pipePlace } from '../pipes/pipe-declaration.js'
import { checkedParams } from './check-params.js'
import { sameLimits, withContract } from './http-declaration.js'

/**
 * Checks what no single file can say, and completes the pipes by it: names are unique, contracts exist, maps name fields of them,
 * parameters are those of the source, hosts have one set of limits.
 * Throws SLUICE_PIPE_INVALID or SLUICE_CONTRACT_UNKNOWN with the place of the pipe.
 */
export function checkPipes(pipes: readonly PipeDeclaration[], contracts: readonly Contract[]): PipeDeclaration[] {
  const silver = new Map(contracts.flatMap(made => (made.layer === 'silver' ? [[made.dataset, made] as const] : [])))
  const seen = new Map<string, PipeDeclaration>()
  const hosts = new Map<string, PipeDeclaration>()
  // What the pipes of one declaration have together is looked at once.
  const checked = new Set<PipeDeclaration['map']>()
  const blocks = new Map<HttpBlock, HttpBlock>()
  return pipes.map(pipe => {
    const first = seen.get(pipe.name)
    if (first !== undefined) throw twice(pipe, first)
    seen.set(pipe.name, pipe)
    if (!checked.has(pipe.map)) {
      checkSource(pipe)
      checkContract(pipe, silver)
      checkHost(pipe, hosts)
      checked.add(pipe.map)
    }
    const params = checkedParams(pipe)
    const complete = params === pipe.params ? pipe : { ...pipe, params }
    if (pipe.http === undefined) return complete
    const block = blocks.get(pipe.http) ?? withContract(pipe.http, pipe, silver.get(pipe.contract)!)
    blocks.set(pipe.http, block)
    return { ...complete, http: block }
  })
}

/** What only the reader of files does. */
const OF_FILES: Readonly<Record<string, (dialect: Dialect) => boolean>> = {
  decimal_comma: ({ decimalComma }) => decimalComma,
  missing: ({ missing }) => missing.length > 0,
  date_format: ({ dateFormat }) => dateFormat !== undefined,
  header: ({ header }) => !header,
  skip_lines: ({ skipLines }) => skipLines > 0,
}

function twice(pipe: PipeDeclaration, first: PipeDeclaration): SluiceError {
  const { file, line } = first.declaredIn
  if (first.map === pipe.map) return refuse(pipe, 'is made twice by its for_each: its name has to hold every key')
  return refuse(pipe, `is declared twice, first in ${file}:${line}`)
}

function checkSource(pipe: PipeDeclaration): void {
  const { source, input, http, contract } = pipe
  if (source === 'file' && input.length === 0) throw refuse(pipe, 'reads files, so it needs `input`')
  if (source !== 'file' && input.length > 0) throw refuse(pipe, 'does not read files, so `input` means nothing')
  if (source === 'http' && http === undefined) throw refuse(pipe, 'has the source http, so it needs the block `http`')
  if (source !== 'http' && http !== undefined) throw refuse(pipe, `has the source ${source}, so \`http\` means nothing`)
  if (contract === '') throw refuse(pipe, 'names no contract, and its source is made for none')
  const ofFiles = source === 'file' ? undefined : Object.entries(OF_FILES).find(([, isSet]) => isSet(pipe.dialect))
  if (ofFiles !== undefined)
    throw refuse(pipe, `has the source ${source}, and only files have \`${ofFiles[0]}\`: a \`map\` can do the same`)
}

function checkContract(pipe: PipeDeclaration, silver: ReadonlyMap<string, Contract>): void {
  const contract = silver.get(pipe.contract)
  if (contract === undefined) {
    const known = [...silver.keys()]
    const message = `Pipe ${pipe.template ?? pipe.name} names the contract "${pipe.contract}", which is no silver contract of this project.`
    const hint = didYouMean(pipe.contract, known)
    throw new SluiceError('SLUICE_CONTRACT_UNKNOWN', message + hint, { ...pipePlace(pipe), known })
  }
  const fields = contract.columns.map(column => column.name)
  const unknown = Object.keys(pipe.map).find(field => !fields.includes(field))
  if (unknown !== undefined) {
    throw refuse(pipe, `maps "${unknown}", which is no field of ${pipe.contract}.${didYouMean(unknown, fields)}`)
  }
}

function checkHost(pipe: PipeDeclaration, hosts: Map<string, PipeDeclaration>): void {
  const { http } = pipe
  if (http === undefined) return
  if (!/^https?:\/\//.test(http.url) || !URL.canParse(http.url))
    throw refuse(pipe, `has an address that is none: ${http.url.replace(/\/\/[^/]*@/, '//***@')}`)
  const host = providerName(http.url)
  const first = hosts.get(host)
  if (first?.http === undefined) hosts.set(host, pipe)
  else if (!sameLimits(first.http, http))
    throw refuse(
      pipe,
      `has other limits than ${first.template ?? first.name} for the same host: they have one ledger together`,
    )
}

function refuse(pipe: PipeDeclaration, what: string): SluiceError {
  return new SluiceError('SLUICE_PIPE_INVALID', `Pipe ${pipe.name} ${what}`, pipePlace(pipe))
}
