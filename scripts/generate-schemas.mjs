// Writes schemas/ for our own YAML files from the zod schemas in src/pipeline. Run it after `npm run build`.
import { writeFileSync } from 'node:fs'
import { projectSchemas } from '../dist/pipeline/project/json-schemas.js'

for (const [name, text] of Object.entries(projectSchemas())) {
  writeFileSync(new URL(`../schemas/${name}`, import.meta.url), text)
}
