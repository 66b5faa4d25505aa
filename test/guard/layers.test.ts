import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow, ROOT, type TextFile } from './repository.js'
import { importsOf } from './syntax.js'

/**
 * The folders of src/, the upper lines above the lower. A folder imports only from lines below its own; folders on one line
 * do not import each other. This is the single statement of the order; ARCHITECTURE.md quotes it.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['cli', 'serve', 'sandbox'],
  ['pipeline'],
  ['sources', 'bronze', 'silver', 'gold'],
  ['quality'],
  ['contract'],
  ['lake'],
  ['iceberg', 'engine', 'storage'],
  ['market', 'finops'],
  ['core'],
]

/** The stages in the order of the rows. A stage may name types, and only types, of the one directly before it. */
const STAGES = ['sources', 'bronze', 'silver', 'gold']

/** What a program imports. They stand beside the folders and may name all of them. */
const ENTRIES = ['index.ts', 'testing.ts']

/** Folders that decide and never do: no disk, no network, no process, no engine. */
const PURE = ['iceberg', 'contract', 'quality', 'market', 'finops']
const WORLD = /^(node:)?(fs|net|http|https|child_process|worker_threads|process|os|tls|dgram)(\/|$)|^@duckdb\//

/** The one folder that knows an outside thing. */
const OWNERS: Readonly<Record<string, string>> = {
  '@duckdb/node-api': 'engine',
  avsc: 'iceberg',
  'js-yaml': 'core',
  croner: 'pipeline',
  jiti: 'pipeline',
  undici: 'sources',
  '@aws-sdk/client-s3': 'storage',
  commander: 'cli',
  'string-width': 'cli',
  picocolors: 'cli',
}

describe('layers', () => {
  const source = filesBelow('src', '.ts')

  it('finds the source', () => {
    expect(source.length).toBeGreaterThan(50)
  })

  it('imports point downwards', () => {
    expect(source.flatMap(breachesOf)).toEqual([])
  })

  it('no file imports itself by a way round', () => {
    expect(cyclesOf(source)).toEqual([])
  })

  it('pure folders touch nothing outside', () => {
    expect(source.flatMap(impuritiesOf)).toEqual([])
  })

  it('each outside package has one owner', () => {
    expect(source.flatMap(strangersOf)).toEqual([])
  })

  it('nothing outside of storage/ asks what kind of store it works on', () => {
    expect(source.flatMap(kindsAsked)).toEqual([])
  })

  it('the client of AWS is loaded by the first request to a bucket alone', () => {
    const atStart = /^(?:import|export)(?! type\b)[^;'"]*?from '@aws-sdk\//m
    expect(source.filter(({ text }) => atStart.test(text)).map(({ path }) => path)).toEqual([])
    expect(source.some(({ text }) => text.includes("require('@aws-sdk/client-s3')"))).toBe(true)
    expect(atStart.test("import { S3Client } from '@aws-sdk/client-s3'")).toBe(true)
  })

  it('ARCHITECTURE.md quotes the order', () => {
    const text = filesBelow('', 'ARCHITECTURE.md').find(file => file.path === 'ARCHITECTURE.md')?.text ?? ''
    const quoted = [...text.matchAll(/^\d+\. ((?:`[a-z]+\/` ?)+):/gm)].map(line =>
      [...(line[1] ?? '').matchAll(/`([a-z]+)\/`/g)].map(folder => folder[1]),
    )
    expect(quoted, `${ROOT}ARCHITECTURE.md`).toEqual(LAYERS)
  })
})

describe('the guard of the layers', () => {
  it.each([
    ['an import upwards', 'src/core/ids.ts', `import { run } from '../pipeline/run.js'`],
    ['an import from the same line', 'src/engine/duckdb.ts', `import { x } from '../storage/local-store.js'`],
    ['a value of the stage before', 'src/silver/settle.ts', `import { land } from '../bronze/land.js'`],
    ['a type of the stage two before', 'src/silver/settle.ts', `import type { Pipe } from '../sources/pipe.js'`],
    ['a type of the stage after', 'src/bronze/land.ts', `import type { Tally } from '../silver/count-batch.js'`],
    ['a re-export upwards', 'src/lake/scan.ts', `export { judge } from '../quality/gate.js'`],
    ['an import in a function', 'src/core/ids.ts', `const later = () => import('../lake/lake.js')`],
    ['a value beside a type', 'src/silver/x.ts', `import { type Landing, land } from '../bronze/land.js'`],
    ['a folder without a line', 'src/extras/x.ts', `import { x } from '../core/ids.js'`],
    ['a use of the entry', 'src/pipeline/run.ts', `import { run } from '../index.js'`],
    ['a way out of src/', 'src/pipeline/run.ts', `import { x } from '../../test/support/x.js'`],
  ])('catches %s', (_, path, text) => {
    expect(breachesOf({ path, text })).toHaveLength(1)
  })

  it.each([
    ['an import downwards', 'src/cli/main.ts', `import { run } from '../pipeline/run.js'`],
    ['an import of the own folder', 'src/sources/file/csv.ts', `import type { Pipe } from '../pipe.js'`],
    ['a type of the stage before', 'src/silver/settle.ts', `import type { Landing } from '../bronze/land.js'`],
    ['an entry', 'src/index.ts', `export { run } from './pipeline/run.js'`],
    ['a package', 'src/core/yaml.ts', `import { parse } from 'yaml'`],
  ])('passes %s', (_, path, text) => {
    expect(breachesOf({ path, text })).toEqual([])
  })

  it.each([
    `if (store.capabilities.reach === 'remote') wait()`,
    `const { reach } = store.capabilities`,
    `const isRemote = lake.startsWith('s3://')`,
    `const isRemote = /^s3:/.test(lake)`,
  ])('catches the question after a kind of store in `%s`', text => {
    expect(kindsAsked({ path: 'src/pipeline/x.ts', text })).toHaveLength(1)
    expect(kindsAsked({ path: 'src/storage/x.ts', text })).toEqual([])
  })

  it('catches a cycle of values and passes one of types', () => {
    const a = { path: 'src/core/a.ts', text: `import { b } from './b.js'` }
    expect(cyclesOf([a, { path: 'src/core/b.ts', text: `import { a } from './a.js'` }])).toEqual([
      'src/core/a.ts → src/core/b.ts → src/core/a.ts',
    ])
    expect(cyclesOf([a, { path: 'src/core/b.ts', text: `import type { A } from './a.js'` }])).toEqual([])
  })

  it('catches the disk in a pure folder and a package outside its owner', () => {
    const text = `import { open } from 'node:fs/promises'\nimport { DuckDBInstance } from '@duckdb/node-api'`
    expect(impuritiesOf({ path: 'src/iceberg/x.ts', text })).toHaveLength(2)
    expect(strangersOf({ path: 'src/silver/x.ts', text })).toHaveLength(1)
  })
})

function breachesOf(file: TextFile): string[] {
  const from = folderOf(file.path)
  if (from === undefined) return ENTRIES.includes(file.path.slice('src/'.length)) ? [] : [`${file.path} is in no layer`]
  return importsOf(file).flatMap(({ specifier, typeOnly }) => {
    const target = targetOf(file.path, specifier)
    return target === undefined || mayImport(from, folderOf(target), typeOnly) ? [] : [`${file.path} → ${target}`]
  })
}

function mayImport(from: string, to: string | undefined, typeOnly: boolean): boolean {
  if (to === undefined) return false
  if (from === to) return true
  if (typeOnly && STAGES.includes(to) && STAGES.indexOf(to) === STAGES.indexOf(from) - 1) return true
  const [upper, lower] = [lineOf(from), lineOf(to)]
  return upper !== -1 && upper < lower
}

function lineOf(folder: string): number {
  return LAYERS.findIndex(line => line.includes(folder))
}

/** The folder of src/ that holds a file, or undefined for one that stands beside the folders. */
function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

/** The source file that a relative import means; undefined for a package and for package.json. */
function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.') || specifier.endsWith('.json')) return undefined
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts')
}

function impuritiesOf(file: TextFile): string[] {
  if (!PURE.includes(folderOf(file.path) ?? '')) return []
  return importsOf(file).flatMap(({ specifier, typeOnly }) =>
    !typeOnly && WORLD.test(specifier) ? [`${file.path} → ${specifier}`] : [],
  )
}

function strangersOf(file: TextFile): string[] {
  return importsOf(file).flatMap(({ specifier }) => {
    const owner = OWNERS[specifier]
    return owner === undefined || owner === folderOf(file.path) ? [] : [`${file.path} → ${specifier}`]
  })
}

/** Uses of `reach`, and texts that begin as the address of a bucket does. Names of files of other engines are no question. */
function kindsAsked(file: TextFile): string[] {
  if (!file.path.startsWith('src/') || folderOf(file.path) === 'storage') return []
  if (file.path === 'src/lake/table-location.ts') return []
  const lines = file.text.split('\n').filter(line => !/^\s*(\*|\/\*|\/\/)/.test(line))
  const asks = /capabilities\.reach\b|\{[^}]*\breach\b[^}]*\} = [\w.]*capabilities|['"`]s3:\/\/['"`]|\/\^s3/
  return lines.filter(line => asks.test(line)).map(line => `${file.path}: ${line.trim()}`)
}

/** The circles of imports that remain when types are erased, each once. */
function cyclesOf(files: readonly TextFile[]): string[] {
  const edges = new Map(
    files.map(file => [
      file.path,
      importsOf(file)
        .filter(({ typeOnly }) => !typeOnly)
        .map(({ specifier }) => targetOf(file.path, specifier))
        .filter(target => target !== undefined),
    ]),
  )
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at !== -1) cycles.push([...trail.slice(at), path].join(' → '))
    if (at !== -1 || done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  return cycles
}
