import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/run-program.js'
import { initProject } from '../../src/pipeline/project/init-project.js'
import { fakeTerminal } from './fake-terminal.js'

/** A project on disk whose NBP is a server of the test, and a command line on it. */
export interface AskingProject {
  readonly folder: string
  /** One command line, without its `--project`. */
  sluice(...args: string[]): Promise<Printed>
  /** The same for `--output json`, parsed. */
  json(...args: string[]): Promise<unknown>
  /** The same project with variables in the environment. */
  with(env: Readonly<Record<string, string>>): AskingProject
  remove(): Promise<void>
}

export interface Printed {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** `pipes` is the text of the only pipe file; `limits` are further settings of the provider. */
export async function askingProject(url: string, pipes: string, limits = ''): Promise<AskingProject> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-asking-'))
  await initProject(folder)
  for (const name of await readdir(join(folder, 'pipes'))) await rm(join(folder, 'pipes', name), { recursive: true })
  await writeFile(join(folder, 'pipes/asking.yaml'), `pipes:\n${pipes}`)
  const provider = `nbp: { url: "${url}", per_second: 1000, burst: 100, concurrency: 8 ${limits} }`
  const settings = [
    `providers: { ${provider} }`,
    'network: { allow_hosts: ["127.0.0.1"] }',
    'fetch: { attempts: 1 }',
    'engine: { threads: 2 }',
  ]
  await writeFile(join(folder, 'sluice.yaml'), `${settings.join('\n')}\n`)
  return onFolder(folder, {})
}

function onFolder(folder: string, env: Readonly<Record<string, string>>): AskingProject {
  const sluice = async (...args: string[]): Promise<Printed> => {
    const terminal = fakeTerminal({ folder, env })
    const code = await runProgram([...args, '--project', folder], terminal)
    return { code, out: terminal.out(), err: terminal.err() }
  }
  return {
    folder,
    sluice,
    json: async (...args) => {
      const { out, err } = await sluice(...args, '--output', 'json')
      if (out === '') throw new Error(err)
      return JSON.parse(out)
    },
    with: more => onFolder(folder, { ...env, ...more }),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
