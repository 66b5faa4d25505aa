// Writes docs/reference from the code and docs/data-model.md from the contracts. Run it after `npm run build`; a test fails when
// the pages are not current.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { referencePages } from '../dist/cli/reference-pages.js'
import { tablesPage } from '../dist/cli/tables-page.js'
import { loadProject } from '../dist/pipeline/project/load-project.js'

const docs = new URL('../docs/', import.meta.url)
mkdirSync(new URL('reference/', docs), { recursive: true })
for (const [name, text] of Object.entries(referencePages())) writeFileSync(new URL(`reference/${name}`, docs), text)

const { contracts } = await loadProject({ folder: fileURLToPath(new URL('../', import.meta.url)) })
writeFileSync(new URL('data-model.md', docs), tablesPage(contracts))
