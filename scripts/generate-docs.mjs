// Writes docs/reference from the code. Run it after `npm run build`; a test fails when the pages are not current.
import { mkdirSync, writeFileSync } from 'node:fs'
import { referencePages } from '../dist/cli/reference-pages.js'

const folder = new URL('../docs/reference/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, text] of Object.entries(referencePages())) writeFileSync(new URL(name, folder), text)
