import { guardExpression } from '../../contract/sql-guard.js'
import { goldShape, publishedShape } from '../../contract/tables.js'
import type { Place } from '../../core/errors.js'
import { SluiceError } from '../../core/errors.js'
import { parseInstant } from '../../core/instant.js'
import { didYouMean } from '../../core/nearest-name.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { derivedSql } from '../../gold/derived-sql.js'
import type { ModelTest } from '../../gold/model-test.js'
import { EVER } from '../../gold/touched.js'
import { type Deps, systemDeps } from '../deps.js'
import { type PrintedModel, planModels, upstreamOf } from '../derive/plan-models.js'
import { lanesOf } from '../lanes.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { defineMacros } from '../project/macros.js'
import type { Project } from '../project/project.js'
import { loadReferences, viewReferences } from '../project/references.js'
import { calendarsFor, loadSessions, viewSessions } from '../read/calendar-sessions.js'
import { namesOf } from '../read/lake-views.js'
import { openWorkspace } from '../workspace.js'
import { type Comparison, compareRows } from './compare-rows.js'
import { giveReferences } from './given-references.js'
import { type Giving, makeTables } from './given-tables.js'
import { readTests, selectTests } from './read-tests.js'
import { invalid } from './typed-rows.js'

/** What came of one test. */
export interface TestOutcome extends Comparison {
  readonly name: string
  /** `gold.price_bars` */
  readonly model: string
  readonly place: Required<Place>
  readonly outcome: 'passed' | 'failed'
  /** What the engine said of a model's SQL over the given rows. */
  readonly fault?: string
}

/**
 * Runs the tests of a project's models, or those that some patterns name: the model's SQL over the given rows, in an empty engine; no
 * table of the lake is read. Throws SLUICE_TEST_INVALID with the place of what a test says wrongly, and SLUICE_MODEL_INVALID.
 */
export async function testModels(
  project: Project,
  patterns: readonly string[] = [],
  deps: Deps = systemDeps,
): Promise<TestOutcome[]> {
  const tests = selectTests(await readTests(project), patterns)
  if (tests.length === 0) return []
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const [main] = workspace.engines
  await loadReferences(project, main!)
  const models = await planModels(project, main!)
  const outcomes: TestOutcome[] = []
  for (const test of tests) {
    // A catalog of its own for each: no test sees a table of another one.
    const lanes = lanesOf(workspace.engines, async engine => {
      await defineMacros(project, engine)
      await viewReferences(engine)
    })
    try {
      outcomes.push(await runTest(test, models, project, (await lanes.first()).engine))
    } finally {
      await lanes.close()
    }
  }
  return outcomes
}

async function runTest(
  test: ModelTest,
  models: readonly PrintedModel[],
  project: Project,
  engine: Engine,
): Promise<TestOutcome> {
  const head = { name: test.name, model: `gold.${test.model}`, place: test.place }
  const giving = { test, project, knownAt: knownAtOf(test) }
  const given = new Set(test.given.keys())
  const chain = chainOf(test, models, given)
  await makeGiven(chain, giving, engine)
  const restore = await giveReferences(test, project, engine)
  try {
    const fault = await deriveChain(chain, project, engine)
    if (fault !== undefined) return { ...head, outcome: 'failed', differences: [], count: 0, fault }
    const found = await comparedTable(test, engine)
    const comparison = await compareRows(found, test, contractNamed(project.contracts, test.model), engine)
    return { ...head, outcome: comparison.count === 0 ? 'passed' : 'failed', ...comparison }
  } finally {
    await restore()
  }
}

function knownAtOf({ asKnownAt, placeOf }: ModelTest): Giving['knownAt'] {
  if (asKnownAt === undefined) return undefined
  const atMs = parseInstant(asKnownAt)
  if (atMs === undefined) throw invalid(`\`as_known_at\` is no time: "${asKnownAt}".`, placeOf('as_known_at'))
  return { atMs }
}

/** The model, and before it those that make what it reads and the test does not give. */
function chainOf(test: ModelTest, models: readonly PrintedModel[], given: ReadonlySet<string>): PrintedModel[] {
  const own = `gold.${test.model}`
  if (given.has(own)) throw invalid(`${own} is what the test expects: it cannot be given.`, test.placeOf('given', own))
  const made = models.filter(model => !given.has(`gold.${model.table}`))
  return upstreamOf(made, [own])
}

/** The tables that the models of a chain read and none of them makes. */
async function makeGiven(chain: readonly PrintedModel[], giving: Giving, engine: Engine): Promise<void> {
  const { test, project } = giving
  const made = new Set(chain.map(model => `gold.${model.table}`))
  const read = new Set(chain.flatMap(model => model.dependencies).filter(name => !made.has(name)))
  for (const contract of project.contracts) {
    const names = namesOf(publishedShape(contract).name)
    if (names.some(name => read.has(name))) await makeTables(contract, giving, engine)
    for (const name of names) read.delete(name)
  }
  for (const name of test.given.keys()) refuseUnread(name, chain, giving)
}

/** Rows of a table that nothing reads would show nothing. */
function refuseUnread(name: string, chain: readonly PrintedModel[], { test, project }: Giving): void {
  const known = project.contracts.flatMap(contract => namesOf(publishedShape(contract).name))
  const place = test.placeOf('given', name)
  const family = project.contracts
    .map(contract => namesOf(publishedShape(contract).name))
    .find(names => names.includes(name))
  if (family === undefined) throw invalid(`There is no table ${name}.${didYouMean(name, known)}`, place)
  const read = chain.flatMap(model => model.dependencies)
  if (family.some(own => read.includes(own))) return
  throw invalid(`Neither gold.${test.model} nor what it is made of reads ${name}.`, place)
}

/** What the engine says of the first model that fails over these rows, or undefined. */
async function deriveChain(
  chain: readonly PrintedModel[],
  project: Project,
  engine: Engine,
): Promise<string | undefined> {
  for (const model of chain) {
    const contract = contractNamed(project.contracts, model.contract)
    const columns = goldShape(contract)
      .columns.map(({ name }) => quoteIdent(name))
      .join(', ')
    if (model.joinsSessions) {
      await loadSessions(await calendarsFor(model.sql, engine), engine)
      await viewSessions(engine)
    }
    const table = `gold.${quoteIdent(model.table)}`
    try {
      await engine.run(
        `CREATE OR REPLACE TABLE ${table} AS SELECT ${columns} FROM (${derivedSql(model, contract, EVER)})`,
      )
    } catch (cause) {
      if (cause instanceof SluiceError) throw cause
      const words = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? ''
      return `the SQL of ${model.file} failed: ${words}`
    }
  }
  return undefined
}

/** The model's rows that the test compares. */
async function comparedTable({ model, where, placeOf }: ModelTest, engine: Engine): Promise<string> {
  const table = `gold.${quoteIdent(model)}`
  if (where === undefined) return table
  const [fault] = await guardExpression(sql => engine.parse(sql), where)
  if (fault !== undefined) throw invalid(`\`where\` cannot be used: ${fault.message}`, placeOf('where'))
  await engine.run(`CREATE OR REPLACE TABLE work._compared AS SELECT * FROM ${table} WHERE (${where})`).catch(cause => {
    const words = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? ''
    throw invalid(`\`where\` cannot be used: ${words}`, placeOf('where'), cause)
  })
  return 'work._compared'
}
