// Compiles src/ to dist/, and the schema of contracts to code. Runs before packing, and with `--if-changed` on `npm ci` in a checkout and on the
// first `npx sluice` there: npx installs the checkout as a package first, and dist/ must not go away under a command that is running.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What is written last: a build that was cut off has none. */
const LAST = 'dist/contract/odcs-validator.js'
const SOURCES = ['src', 'schemas', 'scripts/build.mjs', 'tsconfig.json', 'package.json']
if (process.argv.includes('--if-changed') && isBuilt()) process.exit()

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
    LAST,
    `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
export const odcsJsonSchema = () => require('../../schemas/odcs-json-schema-v3.1.0.json')
export const odcsValidator = () => require('./odcs-compiled.cjs')
`,
  )
}

/** A file that was taken away changes the time of its folder. */
function isBuilt() {
  const built = statSync(LAST, { throwIfNoEntry: false })?.mtimeMs
  if (built === undefined) return false
  const below = path =>
    statSync(path).isDirectory() ? readdirSync(path, { recursive: true }).map(name => join(path, name)) : []
  return SOURCES.flatMap(path => [path, ...below(path)]).every(path => statSync(path).mtimeMs <= built)
}
