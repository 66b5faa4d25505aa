import { type ExecFileSyncOptionsWithStringEncoding, execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesBelow, ROOT } from '../guard/repository.js'

const execute = promisify(execFile)
const isOnline = canReachRegistry()
if (!isOnline) console.warn('NOT TESTED: the packed package, because the npm registry cannot be reached')

describe.skipIf(!isOnline)('the packed package, installed in an empty folder', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-packed-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  const here = async (program: string, ...args: string[]): Promise<string> =>
    (await execute(program, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 16 << 20 })).stdout

  beforeAll(async () => {
    const tarball = packCopy(folder)
    writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n')
    await here('npm', 'install', tarball, '--prefer-offline', '--no-audit', '--no-fund')
  }, 300_000)

  it('makes a project and runs the sample to risk figures', async () => {
    await here('npx', 'sluice', 'init', 'p')
    const record = JSON.parse(await here('npx', 'sluice', 'run', '--project', 'p', '--output', 'json'))
    expect(record.status).toBe('published')
    expect(record.tables.map(({ table }: { table: string }) => table)).toContain('gold.risk_summary')
  })

  it('is a library with types', async () => {
    writeFileSync(
      join(folder, 'user.mjs'),
      `import { openLake } from 'sluice'
      const lake = await openLake({ folder: 'p' })
      const { rows } = await lake.query('SELECT count(*) AS rows FROM gold.risk_summary')
      console.log(Number(rows[0].rows) > 0)\n`,
    )
    expect(await here('node', 'user.mjs')).toBe('true\n')
    writeFileSync(
      join(folder, 'user.ts'),
      `import { openLake } from 'sluice'\nexport const lake = openLake({ folder: 'p' })\n`,
    )
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const types = join(ROOT, 'node_modules/@types')
    await here(
      'node',
      tsc,
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--types',
      'node',
      '--typeRoots',
      types,
      'user.ts',
    )
  })
})

describe('in a checkout after a build', () => {
  it('npx sluice finds the command, and builds nothing again', async () => {
    const built = statSync(join(ROOT, 'dist')).birthtimeMs
    const { stdout } = await execute('npx', ['sluice', '--help'], { cwd: ROOT })
    expect(stdout).toContain('sluice init')
    expect(statSync(join(ROOT, 'dist')).birthtimeMs).toBe(built)
  })
})

/** Builds and packs a copy of the checkout, so that no other test sees dist/ come and go; gives the tarball's path. */
function packCopy(target: string): string {
  const copy = join(target, 'checkout')
  mkdirSync(copy)
  for (const { path } of filesBelow('', '')) {
    if (!/^(test|docs|bench|examples)\//.test(path)) cpSync(join(ROOT, path), join(copy, path))
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  const quiet: ExecFileSyncOptionsWithStringEncoding = { cwd: copy, encoding: 'utf8', stdio: 'pipe' }
  execFileSync('npm', ['run', 'build'], quiet)
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts'], quiet))
  return join(copy, packed.filename)
}

function canReachRegistry(): boolean {
  try {
    execFileSync('npm', ['ping', '--fetch-timeout=5000', '--fetch-retries=0'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
