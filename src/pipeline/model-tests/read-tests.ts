import { join, relative } from 'node:path'
import { formatPlace, SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { loadTests, type ModelTest } from '../../gold/model-test.js'
import { globTest } from '../pipes/expand-input.js'
import type { Project } from '../project/project.js'
import { filesBelow, readAll } from '../project/read-text.js'
import { invalid } from './typed-rows.js'

/** The tests of a project: of every YAML file in `tests/` and its folders, in order of paths. Throws SLUICE_TEST_INVALID. */
export async function readTests({ folder, models }: Project): Promise<ModelTest[]> {
  const files = (await filesBelow(join(folder, 'tests'))).filter(file => /\.ya?ml$/.test(file)).sort()
  const shown = (file: string): string => relative(folder, file).replaceAll('\\', '/')
  const tests = (await readAll(files)).flatMap(({ text, file }) => loadTests(text, shown(file)))
  const known = models.map(({ table }) => table)
  const named = new Map<string, ModelTest>()
  for (const test of tests) {
    const twin = named.get(test.name)
    if (twin !== undefined)
      throw invalid(`A test called "${test.name}" stands at ${formatPlace(twin.place)} already.`, test.placeOf('name'))
    named.set(test.name, test)
    if (!known.includes(test.model))
      throw invalid(
        `No model makes a table called "${test.model}".${didYouMean(test.model, known)}`,
        test.placeOf('model'),
      )
  }
  return tests
}

/** The tests whose name, or whose model, some patterns name; without patterns all. Throws SLUICE_ARGUMENT_INVALID for one that names none. */
export function selectTests(tests: readonly ModelTest[], patterns: readonly string[]): ModelTest[] {
  if (patterns.length === 0) return [...tests]
  const chosen = new Set(
    patterns.flatMap(pattern => {
      const test = globTest(pattern.replace(/^gold\./, ''))
      const found = tests.filter(({ name, model }) => test(name) || test(model))
      if (found.length > 0) return found
      const known = tests.flatMap(({ name, model }) => [name, model])
      const message = `No test, and no model that has one, is called "${pattern}".${didYouMean(pattern, known)}`
      throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next: 'List the tests with `sluice test`.' })
    }),
  )
  return tests.filter(test => chosen.has(test))
}
