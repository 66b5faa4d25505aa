import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { programArgs } from '../support/child-program.js'
import { fileCalls } from './file-calls.js'
import { writeTinyProject } from './tiny-project.js'

const canTrace = spawnSync('strace', ['-f', 'true']).status === 0
if (!canTrace) console.warn('NOT TESTED: that data is fsynced before a commit, because there is no strace that works')

describe.skipIf(!canTrace)('before a commit', () => {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-durable-')))
  const lake = join(project, 'data_lake')
  afterAll(() => rmSync(project, { recursive: true }))

  it('every file is fsynced before it has its name, and its folder before a table says that it has the file', async () => {
    await writeTinyProject(project)
    const log = join(project, 'strace.log')
    const calls = 'trace=write,pwrite64,writev,pwritev,fsync,fdatasync,link,linkat,rename,renameat,renameat2'
    const run = ['run', '--project', project, '--input', join(project, 'first.ndjson'), '--contract', 'ticks']
    const args = ['-f', '-y', '-s', '0', '-e', calls, '-o', log, process.execPath, ...programArgs(), ...run]
    execFileSync('strace', args, { stdio: 'pipe' })

    const dirty = new Set<string>()
    const unsure = new Set<string>()
    const [named, commits, faults] = [[] as string[], [] as string[], [] as string[]]
    for (const call of await fileCalls(log)) {
      if (call.kind === 'write') dirty.add(call.path)
      if (call.kind === 'sync') {
        dirty.delete(call.path)
        for (const path of unsure) if (dirname(path) === call.path) unsure.delete(path)
      }
      if (call.kind !== 'name' || !call.to.startsWith(`${lake}/`)) continue
      if (dirty.has(call.path)) faults.push(`${call.to} has its name before its bytes are fsynced`)
      if (/\/metadata\/v\d+\.metadata\.json$/.test(call.to)) {
        commits.push(call.to)
        for (const path of unsure)
          if (!path.endsWith('.json')) faults.push(`${call.to} is committed before the folder of ${path} is fsynced`)
      }
      named.push(call.to)
      unsure.add(call.to)
    }
    expect(faults).toEqual([])
    // What was looked at is what a run does: four tables, each made and then filled with a file, and all durable when it ends.
    expect(commits).toHaveLength(8)
    expect(named.filter(path => path.endsWith('.parquet'))).toHaveLength(4)
    expect(named.some(path => path.endsWith('.ndjson.gz'))).toBe(true)
    expect([...unsure].filter(path => !path.endsWith('version-hint.text'))).toEqual([])
  })
})
