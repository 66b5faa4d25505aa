import { join, relative, resolve } from 'node:path'
import type { Contract } from '../../contract/contract.js'
import { loadContract } from '../../contract/load-contract.js'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { loadModel } from '../../gold/front-matter.js'
import { providerName } from '../../sources/generic/http-source.js'
import { PROVIDERS } from '../../sources/provider-list.js'
import { OWN_TABLES } from '../derive/own-tables.js'
import { checkPipes } from '../pipes/load-pipes.js'
import { CALENDAR_SESSIONS } from '../read/calendar-sessions.js'
import { readRegistry } from '../registry/read-registry.js'
import type { Settings } from './config-schema.js'
import { hashConfig, loadConfig } from './load-config.js'
import type { Project } from './project.js'
import { filesBelow, filesIn, readAll } from './read-text.js'

export interface LoadOptions {
  /** The folder with sluice.yaml. */
  readonly folder: string
  /** Settings that go before all others. */
  readonly flags?: Settings
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Reads and checks a project folder: settings, contracts, pipes, models and reference tables. Opens no lake and no engine;
 * SQL in it is checked by `validateProject` and by the run that uses it. The first fault throws with its place.
 */
export async function loadProject({ folder, flags = {}, env = {} }: LoadOptions): Promise<Project> {
  const root = resolve(folder)
  const within = (name: string) => join(root, name)
  const [config, contractTexts, declared, modelTexts, macros, csvFiles] = await Promise.all([
    loadConfig({ folder: root, flags, env }),
    filesIn(within('contracts'), /\.odcs\.ya?ml$/).then(readAll),
    readRegistry(root),
    filesBelow(within('models/gold')).then(found => readAll(found.filter(file => file.endsWith('.sql')).sort())),
    filesIn(within('models/macros'), /\.sql$/),
    filesIn(root, /^[a-z][a-z0-9_]*\.csv$/),
  ])
  const shown = (file: string) => relative(root, file).replaceAll('\\', '/')
  const contracts = contractTexts.map(({ text, file }) => contractOf(text, shown(file)))
  refuseTwins(contracts)
  refuseReserved(contracts)
  const pipes = checkPipes(declared, contracts)
  refuseUnknownProviders(config, pipes)
  const models = modelTexts.map(({ text, file }) => loadModel(text, shown(file)))
  refuseForeignTables(models)
  return {
    folder: root,
    config,
    contracts,
    pipes,
    models,
    macros,
    references: Object.fromEntries(csvFiles.map(file => [shown(file).replace(/\.csv$/, ''), file])),
    configHash: hashConfig(config),
  }
}

/** Contracts by file and text: a process that loads a project again reads only what has changed. */
const CONTRACTS = new Map<string, Contract>()

function contractOf(text: string, file: string): Contract {
  const key = `${file}\n${text}`
  const contract = CONTRACTS.get(key) ?? loadContract(text, file)
  CONTRACTS.set(key, contract)
  return contract
}

/** A misspelled provider would keep its own address and limits, unnoticed. */
function refuseUnknownProviders({ providers }: Project['config'], pipes: Project['pipes']): void {
  const hosts = pipes.flatMap(({ http }) => (http === undefined ? [] : [providerName(http.url)]))
  const known = new Set([...PROVIDERS.map(({ name }) => name), ...hosts])
  const unknown = Object.keys(providers).find(name => !known.has(name))
  if (unknown === undefined) return
  const message = `The setting providers.${unknown} names no provider.${didYouMean(unknown, known)} Nothing was changed.`
  throw new SluiceError('SLUICE_CONFIG_INVALID', message, { known: [...known] })
}

/** A table is named by the dataset of its contract, is made once, and is not one that Sluice itself fills. */
function refuseForeignTables(models: Project['models']): void {
  const refuse = (file: string, message: string): never => {
    throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: { file } })
  }
  for (const [at, { table, contract, file }] of models.entries()) {
    if (OWN_TABLES.has(table)) refuse(file, `Sluice itself fills the table gold.${table}: a model cannot.`)
    if (contract !== table)
      refuse(
        file,
        `The model makes gold.${table} under the contract ${contract}: a table has the name of its contract.`,
      )
    const twin = models.slice(0, at).find(other => other.table === table)
    if (twin !== undefined) refuse(file, `${twin.file} makes the table gold.${table} too.`)
  }
}

function refuseTwins(contracts: Project['contracts']): void {
  for (const contract of contracts) {
    const twin = contracts.find(other => other.dataset === contract.dataset && other !== contract)
    if (twin === undefined) continue
    const message = `${contract.file} and ${twin.file} both describe ${contract.dataset}.`
    throw new SluiceError('SLUICE_CONTRACT_INVALID', message, { place: { file: twin.file } })
  }
}

function refuseReserved(contracts: Project['contracts']): void {
  const contract = contracts.find(({ layer, dataset }) => `${layer}.${dataset}` === CALENDAR_SESSIONS)
  if (contract === undefined) return
  const message = `${CALENDAR_SESSIONS} is the table of the exchanges' sessions: a contract cannot take its name.`
  throw new SluiceError('SLUICE_CONTRACT_INVALID', message, { place: { file: contract.file } })
}
