import { expect, it } from 'vitest'
import { testModels } from '../../../src/pipeline/model-tests/test-models.js'
import { loadProject } from '../../../src/pipeline/project/load-project.js'
import { ROOT } from '../../guard/repository.js'

it('the tests that ship with the models pass', async () => {
  const outcomes = await testModels(await loadProject({ folder: ROOT }))
  expect(outcomes.length).toBeGreaterThan(6)
  expect(outcomes.filter(({ outcome }) => outcome === 'failed')).toEqual([])
})
