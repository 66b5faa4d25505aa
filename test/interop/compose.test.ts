import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runChild } from '../crash/command.js'
import { composeServices } from '../support/compose.js'
import { freePort, realPrograms } from './stores/real-store.js'

const program = realPrograms()['versitygw']
if (program === undefined)
  console.warn('INTEROP NOT RUN: SLUICE_STORES has no versitygw, so compose.yaml was not tried')

describe.skipIf(program === undefined)('the commands of compose.yaml, outside of Docker', () => {
  const { store, sluice } = composeServices('a-secret-of-our-own')
  let folder: string
  let port: number
  let server: ReturnType<typeof spawn>
  let env: Record<string, string>
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-compose-'))
    await mkdir(join(folder, 'objects/lake'), { recursive: true })
    port = await freePort()
    const args = store!.command.map(word =>
      word === ':7070' ? `127.0.0.1:${port}` : word.replace(/^\//, `${folder}/`),
    )
    const { PATH } = process.env
    server = spawn(program!, args, { env: { PATH, HOME: folder, ...store!.environment }, stdio: 'ignore' })
    const url = `http://127.0.0.1:${port}`
    while ((await fetch(url).catch(() => undefined)) === undefined) await new Promise(resolve => setImmediate(resolve))
    env = Object.fromEntries(
      Object.entries(sluice!.environment!).map(([name, value]) => [
        name,
        value.replace('http://store:7070', url).replace(/^\/cache/, join(folder, 'cache')),
      ]),
    )
  })
  afterAll(async () => {
    server.kill('SIGKILL')
    await once(server, 'exit')
    await rm(folder, { recursive: true })
  })

  async function answerOf(...args: string[]): Promise<unknown> {
    const { code, out, err } = await runChild([...args, '--output', 'json'], [], env)
    if (code !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${code}: ${err}`)
    return JSON.parse(out)
  }

  it('keep a lake in the bucket', { timeout: 300_000 }, async () => {
    const project = join(folder, 'project')
    await runChild(['init', project])
    const run = ['run', '--project', project, '--select', 'sample-bars']
    expect(await answerOf(...run)).toMatchObject({ status: 'published' })
    const tables = (await answerOf('tables', '--project', project)) as { table: string; location: string }[]
    expect(tables.find(({ table }) => table === 'silver.bars')!.location).toMatch(/^s3:\/\/lake\/prod\//)
  })
})
