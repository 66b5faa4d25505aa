import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { tablesPage } from '../../src/cli/tables-page.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'

it('docs/data-model.md is what scripts/generate-docs.mjs makes of the contracts', async () => {
  const { contracts } = await loadProject({ folder: process.cwd() })
  expect(contracts.length).toBeGreaterThan(5)
  expect(readFileSync('docs/data-model.md', 'utf8')).toBe(tablesPage(contracts))
})
