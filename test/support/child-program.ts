import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const JITI = new URL('../../node_modules/jiti/lib/jiti-register.mjs', import.meta.url).href
const IMPORTED = /(from |import\(|import )'(\.[^']+)'/g

let isBuilt: boolean | undefined
const compiled = new Map<string, string>()

/**
 * What node is called with to run a TypeScript file of the tests in a process of its own: over `dist` where that is as new as `src`, because
 * compiling the source takes a child ten times as long as most of its work.
 */
export function childArgs(file: string): string[] {
  return isDistNew() ? [compile(file)] : ['--import', JITI, file]
}

/** The same for the command line. */
export function programArgs(): string[] {
  const main = join(ROOT, 'src', 'cli', 'main.ts')
  return isDistNew() ? [inDist(main)] : ['--import', JITI, main]
}

/** A file and the files of the tests that it imports as JavaScript, in a folder that stays until the next start of the machine. */
export function compile(file: string): string {
  const known = compiled.get(file)
  if (known !== undefined) return known
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions })
  const output = join(mkdtempSync(join(tmpdir(), 'sluice-child-')), 'child.mjs')
  const text = outputText.replaceAll(IMPORTED, (_, keyword: string, specifier: string) => {
    const target = resolve(dirname(file), specifier).replace(/\.js$/, '.ts')
    const path = target.startsWith(join(ROOT, 'src') + sep) ? inDist(target) : compile(target)
    return `${keyword}'${pathToFileURL(path).href}'`
  })
  writeFileSync(output, text)
  compiled.set(file, output)
  return output
}

function inDist(source: string): string {
  return join(ROOT, 'dist', relative(join(ROOT, 'src'), source)).replace(/\.ts$/, '.js')
}

function isDistNew(): boolean {
  isBuilt ??= newestBelow(join(ROOT, 'dist')) >= newestBelow(join(ROOT, 'src'))
  if (!isBuilt)
    console.warn('SLOW: dist is older than src, so that every child compiles the source. `npm run build` helps.')
  return isBuilt
}

/** The time of the newest file, in milliseconds since the epoch; 0 for none. */
function newestBelow(folder: string): number {
  let newest = 0
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
  }
  return newest
}
