import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesBelow, ROOT } from '../guard/repository.js'
import { blocksOf } from './markdown.js'

const files = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...filesBelow('docs', '.md').map(({ path }) => path)]
const snippets = files.flatMap(blocksOf).filter(({ language }) => language === 'ts')

const WRONG = `import { openLake } from 'sluice'\nopenLake(1)`

describe('TypeScript in the documents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-snippets-'))
  let faults: readonly (readonly string[])[]
  beforeAll(() => {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    faults = faultsOf([...snippets.map(({ text }) => text), WRONG])
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is there', () => {
    expect(snippets.length).toBeGreaterThan(0)
  })

  it.each(snippets.map((snippet, at) => ({ ...snippet, at })))('compiles: $file:$line', ({ at }) => {
    expect(faults[at]).toEqual([])
  })

  it('that is wrong is caught', () => {
    expect(faults.at(-1)).toHaveLength(1)
  })

  /** What the compiler says of each text, in one program: it reads all of the source. */
  function faultsOf(texts: readonly string[]): string[][] {
    const paths = texts.map((text, at) => {
      const path = join(folder, `snippet-${at}.mts`)
      // A provider stands in a folder of its own.
      writeFileSync(path, text.replace("'../source.js'", `'${join(ROOT, 'src/sources/source.js')}'`))
      return path
    })
    const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT)
    const program = ts.createProgram(paths, {
      ...options,
      noEmit: true,
      rootDir: '/',
      paths: { sluice: [join(ROOT, 'src/index.ts')], 'sluice/testing': [join(ROOT, 'src/testing.ts')] },
    })
    return paths.map(path =>
      ts
        .getPreEmitDiagnostics(program, program.getSourceFile(path))
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    )
  }
})
