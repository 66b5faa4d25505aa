import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { initProject } from '../../src/pipeline/project/init-project.js'
import { fakeTerminal } from '../support/fake-terminal.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-doctor-'))
  await initProject(folder)
})
afterAll(() => rm(folder, { recursive: true }))

async function doctorStore(...args: string[]) {
  const terminal = fakeTerminal()
  const code = await runProgram(['doctor', 'store', '--project', folder, ...args], terminal)
  return { code, out: terminal.out(), err: terminal.err() }
}

it('says for each need of a lake that the disk meets it, and leaves no file', async () => {
  const { code, out } = await doctorStore()
  expect(code).toBe(0)
  expect(out).toContain(`ok    store  ${join(folder, 'data_lake')}`)
  expect(out).toContain('ok    exclusive create  one winner each time: 8 objects, 32 writers at once through 2 clients')
  expect(out).toContain('9 checks: 9 ok, 0 warned, 0 failed')
  const left = await readdir(join(folder, 'data_lake'), { recursive: true, withFileTypes: true })
  expect(left.filter(entry => entry.isFile())).toEqual([])
})

it('answers in JSON, also where its options stand before its name', async () => {
  const terminal = fakeTerminal()
  expect(await runProgram(['doctor', '--output', 'json', '--project', folder, 'store'], terminal)).toBe(0)
  const findings = JSON.parse(terminal.out()) as { subject: string; status: string }[]
  expect(findings.map(({ subject }) => subject)).toContain('exclusive upload')
})

it('refuses an endpoint of a lake that has none', async () => {
  const { code, err } = await doctorStore('--endpoint', 'http://127.0.0.1:9000')
  expect(err).toContain('SLUICE_ARGUMENT_INVALID')
  expect(code).toBe(2)
})
