import { basename } from 'node:path'
import type { Contract } from '../../contract/contract.js'
import { lintContract } from '../../contract/lint-contract.js'
import { asSluiceError, formatPlace } from '../../core/errors.js'
import { groupBy } from '../../core/group-by.js'
import type { DuckDbConnection } from '../../engine/duckdb.js'
import type { Model } from '../../gold/front-matter.js'
import { orderModels } from '../../gold/order.js'
import { loadPricing } from '../cost/load-prices.js'
import { createEmptyTables, modelFault } from '../derive/bind-models.js'
import { withDependencies } from '../derive/model-inputs.js'
import { readTests } from '../model-tests/read-tests.js'
import { mapFaults } from '../pipes/guard-pipes.js'
import type { PipeDeclaration } from '../pipes/pipe-declaration.js'
import { defineMacros } from '../project/macros.js'
import type { Project } from '../project/project.js'
import { createReferences, readInstruments, shadowedFiles } from '../project/references.js'
import { withEngine } from '../with-engine.js'
import type { Finding } from './finding.js'

/**
 * Checks what `loadProject` cannot see: the SQL of contracts, pipes and models, by an engine over empty tables.
 * Needs no network and no lake. Faults are findings; one finding at least for every file.
 */
export async function validateProject(project: Project): Promise<Finding[]> {
  return withEngine(project, async engine => [
    { subject: 'sluice.yaml', status: 'ok', detail: `lake ${project.config.lake}` },
    ...(await checkPrices(project)),
    ...(await checkReferences(project, engine)),
    ...(await lintAll(project.contracts, project.contracts, engine)),
    ...(await each(declarations(project.pipes), pipes => checkPipes(pipes, engine))),
    ...(await checkModels(project, engine)),
    ...(await checkTests(project)),
  ])
}

/** Checks the SQL of contracts. */
export async function lintContracts(project: Project, contracts: readonly Contract[]): Promise<Finding[]> {
  return withEngine(project, engine => lintAll(contracts, [...contracts, ...project.contracts], engine))
}

/** The price list of a project that has its own. */
async function checkPrices(project: Project): Promise<Finding[]> {
  const prices = project.config.cost?.prices
  try {
    const { list } = await loadPricing(project)
    const detail = `prices ${list.name} of ${list.date}, in ${list.currency}`
    return prices === undefined ? [] : [{ subject: prices, status: 'ok', detail }]
  } catch (thrown) {
    const error = asSluiceError(thrown)
    if (error.kind === 'internal') throw thrown
    return [failure(prices ?? 'sluice.yaml', error.message, error.place)]
  }
}

/** Finds faults in the instrument files, and leaves the reference tables behind, for models to bind to. */
async function checkReferences(project: Project, engine: DuckDbConnection): Promise<Finding[]> {
  const { tables, faults } = await readInstruments(project)
  await createReferences(project, tables, engine)
  const wrong = new Set(faults.map(({ place }) => place.file))
  return [
    ...faults.map(({ message, place }) => failure(place.file, message, formatPlace(place))),
    ...shadowedFiles(project).map(path => shadowed(basename(path))),
    ...tables.flatMap(({ name, rows }) => {
      const path = project.references[name]
      const subject = path === undefined ? '' : basename(path)
      if (path === undefined || wrong.has(subject)) return []
      return [{ subject, status: 'ok' as const, detail: `reference.${name}: ${rows.length} rows` }]
    }),
  ]
}

function shadowed(file: string): Finding {
  return failure(file, `${basename(file, '.csv')} is a table that Sluice itself has: give the file another name`, file)
}

function lintAll(
  contracts: readonly Contract[],
  all: readonly Contract[],
  engine: DuckDbConnection,
): Promise<Finding[]> {
  return each(contracts, async contract => {
    const faults = await lintContract(contract, sql => engine.parse(sql), all)
    const { major, minor, patch } = contract.version
    const detail = `${contract.dataset} ${major}.${minor}.${patch}: ${contract.columns.length} fields, ${contract.rules.length} rules`
    if (faults.length === 0) return [{ subject: contract.file, status: 'ok', detail }]
    return faults.map(({ message, place }) => failure(contract.file, message, formatPlace(place)))
  })
}

/** The pipes of each declaration: `for_each` may have made thousands of it, and their SQL is the same. */
function declarations(pipes: readonly PipeDeclaration[]): PipeDeclaration[][] {
  const groups = new Map<PipeDeclaration['map'], PipeDeclaration[]>()
  for (const pipe of pipes) {
    const group = groups.get(pipe.map)
    if (group === undefined) groups.set(pipe.map, [pipe])
    else group.push(pipe)
  }
  return [...groups.values()]
}

async function checkPipes(pipes: readonly PipeDeclaration[], engine: DuckDbConnection): Promise<Finding[]> {
  const pipe = pipes[0]!
  const faults = await mapFaults(pipe, sql => engine.parse(sql))
  const name = pipe.template === undefined ? `pipe ${pipe.name}` : `${pipes.length} pipes ${pipe.template}`
  const detail = `${name}: ${pipe.source} into ${pipe.contract}${pipe.enabled === false ? ', disabled' : ''}`
  if (faults.length === 0) return [{ subject: pipe.declaredIn.file, status: 'ok', detail }]
  return faults.map(({ field, fault, place }) =>
    failure(
      pipe.declaredIn.file,
      `pipe ${pipe.template ?? pipe.name}, map of ${field}: ${fault.message}`,
      formatPlace(place),
    ),
  )
}

/** Models are bound against empty tables of their contracts: every name and type is checked, no row is read. */
async function checkModels(project: Project, engine: DuckDbConnection): Promise<Finding[]> {
  try {
    await engine.run('CREATE SCHEMA silver; CREATE SCHEMA gold')
    await createEmptyTables(project.contracts, engine)
    await defineMacros(project, engine)
    const found = await withDependencies(project.models, engine)
    const made = new Set(project.models.map(model => model.table))
    const others = project.contracts.filter(({ layer, dataset }) => layer === 'gold' && !made.has(dataset))
    const models = orderModels(found, new Set(others.map(contract => contract.dataset)))
    return each(models, async model => [await checkModel(model, project, engine)])
  } catch (thrown) {
    const error = asSluiceError(thrown)
    if (error.kind === 'internal') throw thrown
    return [failure('models', error.message, error.place)]
  }
}

async function checkModel(model: Model, { contracts }: Project, engine: DuckDbConnection): Promise<Finding> {
  const fault = await modelFault(model, contracts, engine)
  if (fault !== undefined) return failure(model.file, fault, formatPlace(model.sqlPlace))
  return { subject: model.file, status: 'ok', detail: `gold.${model.table}: ${model.grain}` }
}

/** Tests of models are run by `sluice test`; here they are only read. */
async function checkTests(project: Project): Promise<Finding[]> {
  try {
    const files = groupBy(await readTests(project), ({ place }) => place.file)
    return [...files].map(([subject, tests]) => ({ subject, status: 'ok', detail: `${tests.length} tests of models` }))
  } catch (thrown) {
    const error = asSluiceError(thrown)
    if (error.kind === 'internal') throw thrown
    return [failure(error.details.place?.file ?? 'tests', error.message, error.place)]
  }
}

function failure(subject: string, detail: string, place: string | undefined): Finding {
  return { subject, status: 'fail', detail, ...(place === undefined ? {} : { place }) }
}

/** The findings of every item, in order; one item after another, as a connection works. */
async function each<T>(items: readonly T[], check: (item: T) => Promise<Finding[]>): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const item of items) findings.push(...(await check(item)))
  return findings
}
