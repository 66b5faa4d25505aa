import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = join(HERE, '..', '..')
const JITI = new URL('../../node_modules/jiti/lib/jiti-register.mjs', import.meta.url).href

/** What node is called with to run the command line in a process of its own: as built where that is no older than the source. */
export function programArgs(): string[] {
  const built = join(ROOT, 'dist', 'cli', 'main.js')
  if (newestBelow(join(ROOT, 'dist')) >= newestBelow(join(ROOT, 'src'))) return [built]
  console.warn('SLOW: dist is older than src, so that every child compiles the source. `npm run build` helps.')
  return ['--import', JITI, join(ROOT, 'src', 'cli', 'main.ts')]
}

/** A module that makes a process die as CRASH_PLAN says, compiled: loading TypeScript takes a child longer than its work. */
export function dyingModule(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-dying-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  for (const name of ['fault-fs', 'dying-child']) {
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
    const { outputText } = ts.transpileModule(readFileSync(join(HERE, `${name}.ts`), 'utf8'), { compilerOptions })
    writeFileSync(join(folder, `${name}.js`), outputText)
  }
  return join(folder, 'dying-child.js')
}

function newestBelow(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Math.max(...files.map(path => statSync(path).mtimeMs))
}
