import { basename } from 'node:path'
import type { Contract } from '../contract/contract.js'
import { SluiceError } from '../core/errors.js'
import { didYouMean } from '../core/nearest-name.js'
import { parseYaml, type YamlDocument } from '../core/yaml-document.js'
import type { Dialect } from '../sources/pipe.js'
import { type PipeDeclaration, pipePlace } from './pipe-declaration.js'
import { type PipeEntry, pipeFileSchema } from './pipe-schema.js'

/**
 * The pipes that a file of `pipes/` declares; the file's stem is their group.
 * Throws SLUICE_PIPE_INVALID with file:line:column.
 */
export function parsePipes(text: string, file: string): PipeDeclaration[] {
  const { value, document } = parseYaml(text, file, pipeFileSchema, 'SLUICE_PIPE_INVALID')
  const group = basename(file).replace(/\.ya?ml$/, '')
  return value.pipes.map((entry, at) => declaration(entry, group, document, at))
}

/**
 * Checks what no single file can say: names are unique, sources and contracts exist, maps name fields of the contract.
 * Throws SLUICE_PIPE_INVALID or SLUICE_CONTRACT_UNKNOWN with the place of the pipe.
 */
export function checkPipes(pipes: readonly PipeDeclaration[], contracts: readonly Contract[]): void {
  const seen = new Map<string, PipeDeclaration>()
  for (const pipe of pipes) {
    const first = seen.get(pipe.name)
    if (first !== undefined) throw refuse(pipe, `is declared twice, first in ${placeText(first)}`)
    seen.set(pipe.name, pipe)
    checkSource(pipe)
    checkContract(pipe, contracts)
  }
}

function declaration(entry: PipeEntry, group: string, document: YamlDocument, at: number): PipeDeclaration {
  const { name, source, contract, tags, map, universe, empty, capture, params, input } = entry
  return {
    ...{ name, source, contract, group, tags, map, universe, empty, capture },
    params: Object.fromEntries(
      Object.entries(params).map(([param, value]) => [param, value === null ? null : String(value)]),
    ),
    input: typeof input === 'string' ? [input] : (input ?? []),
    dialect: dialectOf(entry),
    declaredIn: document.place(['pipes', at]),
    mapPlaces: Object.fromEntries(
      Object.keys(map).map(field => [field, document.textPlace(['pipes', at, 'map', field])]),
    ),
  }
}

function dialectOf(entry: PipeEntry): Dialect {
  return {
    format: entry.format,
    encoding: entry.encoding,
    delimiter: entry.delimiter,
    quote: entry.quote,
    decimalComma: entry.decimal_comma,
    header: entry.header,
    columns: entry.columns,
    skipLines: entry.skip_lines,
    missing: entry.missing,
    dateFormat: entry.date_format,
  }
}

function checkSource(pipe: PipeDeclaration): void {
  if (pipe.source === 'file' && pipe.input.length === 0) throw refuse(pipe, 'reads files, so it needs `input`')
  if (pipe.source !== 'file' && pipe.input.length > 0)
    throw refuse(pipe, 'does not read files, so `input` means nothing')
}

function checkContract(pipe: PipeDeclaration, contracts: readonly Contract[]): void {
  const silver = contracts.filter(contract => contract.layer === 'silver')
  const known = silver.map(contract => contract.dataset)
  const contract = silver.find(candidate => candidate.dataset === pipe.contract)
  if (contract === undefined) {
    const message = `Pipe ${pipe.name} names the contract "${pipe.contract}", which is no silver contract of this project.`
    const hint = didYouMean(pipe.contract, known)
    throw new SluiceError('SLUICE_CONTRACT_UNKNOWN', message + hint, { ...pipePlace(pipe), known })
  }
  const fields = contract.columns.map(column => column.name)
  const unknown = Object.keys(pipe.map).find(field => !fields.includes(field))
  if (unknown !== undefined) {
    throw refuse(pipe, `maps "${unknown}", which is no field of ${pipe.contract}.${didYouMean(unknown, fields)}`)
  }
}

function refuse(pipe: PipeDeclaration, what: string): SluiceError {
  return new SluiceError('SLUICE_PIPE_INVALID', `Pipe ${pipe.name} ${what}`, pipePlace(pipe))
}

function placeText(pipe: PipeDeclaration): string {
  return `${pipe.declaredIn.file}:${pipe.declaredIn.line}`
}
