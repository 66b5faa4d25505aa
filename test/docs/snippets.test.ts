import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import { filesBelow, ROOT } from '../guard/repository.js'
import { blocksOf } from './markdown.js'

const files = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...filesBelow('docs', '.md').map(({ path }) => path)]
const snippets = files.flatMap(blocksOf).filter(({ language }) => language === 'ts')

describe('TypeScript in the documents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-snippets-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is there', () => {
    expect(snippets.length).toBeGreaterThan(0)
  })

  it.each(snippets)('compiles: $file:$line', ({ text }) => {
    expect(faultsOf(text)).toEqual([])
  })

  it('that is wrong is caught', () => {
    expect(faultsOf(`import { openLake } from 'sluice'\nopenLake(1)`)).toHaveLength(1)
  })

  function faultsOf(text: string): string[] {
    const path = join(folder, 'snippet.mts')
    // A provider stands in a folder of its own.
    writeFileSync(path, text.replace("'../source.js'", `'${join(ROOT, 'src/sources/source.js')}'`))
    const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT)
    const program = ts.createProgram([path], {
      ...options,
      noEmit: true,
      rootDir: '/',
      paths: { sluice: [join(ROOT, 'src/index.ts')], 'sluice/testing': [join(ROOT, 'src/testing.ts')] },
    })
    const source = program.getSourceFile(path)
    return ts
      .getPreEmitDiagnostics(program, source)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
  }
})
