// Compiles src/ to dist/, and the schema of contracts to code. Runs on `npm ci` in a checkout (prepare) and before packing.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.json'], { stdio: 'inherit' })
if (existsSync('dist/cli/main.js')) chmodSync('dist/cli/main.js', 0o755)
await compileOdcsSchema()

/** Compiles the schema once here, not at the start of each command. */
async function compileOdcsSchema() {
  const { ajvForOdcs, odcsJsonSchema } = await import('../dist/contract/odcs-validator.js')
  const { default: standaloneCode } = createRequire(import.meta.url)('ajv/dist/standalone/index.js')
  const ajv = ajvForOdcs({ source: true })
  writeFileSync('dist/contract/odcs-compiled.cjs', standaloneCode(ajv, ajv.compile(odcsJsonSchema())))
  writeFileSync(
    'dist/contract/odcs-validator.js',
    `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
export const odcsJsonSchema = () => require('../../schemas/odcs-json-schema-v3.1.0.json')
export const odcsValidator = () => require('./odcs-compiled.cjs')
`,
  )
}
