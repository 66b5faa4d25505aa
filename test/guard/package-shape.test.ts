import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from './repository.js'

interface PackedFile {
  readonly path: string
  readonly mode: number
}

interface Manifest {
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest

describe('the packed package', () => {
  let files: readonly PackedFile[]
  beforeAll(() => {
    const command = ['pack', '--dry-run', '--json', '--ignore-scripts']
    const listing = execFileSync('npm', command, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    files = (JSON.parse(listing) as [{ files: PackedFile[] }])[0].files
  })

  it.each([
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli/main.js',
    'sluice.yaml',
    'env.example',
    'instruments.csv',
    'instrument_aliases.csv',
    'contracts/market_events.odcs.yaml',
    'models/gold/risk_summary.sql',
    'tests/price_bars.yaml',
    'pipes/sample.yaml',
    'templates/fx/pipes/nbp.yaml',
    'templates/crypto/instruments.csv',
    'templates/macro/env.example',
    'schemas/odcs-json-schema-v3.1.0.json',
    'prices/aws-us-east-1-2026-11-29.json',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'ARCHITECTURE.md',
  ])('holds %s', path => {
    expect(files.map(file => file.path)).toContain(path)
  })

  it('holds no source, test, benchmark, lake or secret', () => {
    const foreign = /^(src|test|bench|scripts|docs|examples|data_lake|demo|node_modules|\.ci)\/|(^|\/)\.env$|\.test\./
    expect(files.filter(file => foreign.test(file.path))).toEqual([])
  })

  it('holds what every entry of `exports` names', () => {
    const targets = Object.values(manifest.exports).flatMap(entry =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    )
    const paths = files.map(file => `./${file.path}`)
    expect(targets.filter(target => !paths.includes(target))).toEqual([])
  })

  it('has a command that can be executed', () => {
    const bin = files.find(file => file.path === manifest.bin['sluice'])
    expect((bin?.mode ?? 0) & 0o111).toBe(0o111)
    expect(readFileSync(join(ROOT, manifest.bin['sluice']!), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })
})

describe('the lockfile', () => {
  it('names the optional packages of every platform: `npm ci` refuses one that knows its own only', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile
    const wanted = Object.values(packages).flatMap(entry => Object.keys(entry.optionalDependencies ?? {}))
    expect(wanted.filter(name => !Object.hasOwn(packages, `node_modules/${name}`))).toEqual([])
  })
})

describe('package.json', () => {
  it('resolves by its own name, as a user imports it', () => {
    const script = `const all = await Promise.all(${JSON.stringify(entryNames())}.map(name => import(name)))
      console.log(all.map(one => Object.keys(one).length > 0).join())`
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, encoding: 'utf8' })
    expect(out.trim()).toBe(
      entryNames()
        .map(() => 'true')
        .join(),
    )
  })

  it('pins every dependency exactly', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  })

  it('has a reason for every dependency in CONTRIBUTING.md', () => {
    const reasons = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(names.filter(name => !reasons.includes(`| \`${name}\` |`))).toEqual([])
  })
})

/** `sluice`, `sluice/testing`: the entries that are code. */
function entryNames(): string[] {
  return Object.keys(manifest.exports)
    .filter(name => !name.endsWith('.json'))
    .map(name => `sluice${name.slice(1)}`)
}
