import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { watchCommand } from '../../src/cli/watch-command.js'
import { answerAsNbp } from '../pipeline/fetch/nbp-server.js'
import { type Loopback, serve } from '../sources/http/loopback.js'
import { programArgs } from '../support/child-program.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'

let project: ProjectFolder
let child: ChildProcess | undefined
beforeEach(async () => {
  project = await projectFolder()
})
afterEach(async () => {
  if (child?.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
  child = undefined
  await project.remove()
})

/** A project with one pipe, whose NBP is the server. */
async function declare({ url }: Loopback): Promise<void> {
  const { folder } = project
  await rm(join(folder, 'models'), { recursive: true })
  await rm(join(folder, 'pipes/sample.yaml'))
  const pipe = '{ name: nbp-a, source: nbp.rates, params: { table: A }, schedule: { every: P7D }, since: 2026-01-01 }'
  await writeFile(join(folder, 'pipes/fx.yaml'), `pipes:\n  - ${pipe}\n`)
  const settings = `lake: data_lake\nproviders: { nbp: { url: "${url}" } }\nnetwork: { allow_hosts: ["127.0.0.1"] }\n`
  await writeFile(join(folder, 'sluice.yaml'), settings)
}

/** Starts `sluice watch`; `line` gives the first line of its log, from now on, that matches. */
function watchIn(folder: string) {
  const started = spawn(process.execPath, [...programArgs(), 'watch', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = started
  const lines = createInterface({ input: started.stderr! })[Symbol.asyncIterator]()
  const log: string[] = []
  return {
    log,
    exit: once(started, 'close').then(([code]) => code as number | null),
    kill: (signal: NodeJS.Signals) => started.kill(signal),
    line: async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const { value, done } = await lines.next()
        if (done === true) throw new Error(`it ended before it said ${pattern}:\n${log.join('\n')}`)
        log.push(value)
        const found = pattern.exec(value)
        if (found !== null) return found
      }
    },
  }
}

describe('sluice watch in a process of its own', () => {
  it('is stopped by SIGTERM in the middle of a run: it publishes what it has and ends with 0', async () => {
    let speak = (): void => undefined
    const silent = new Promise<void>(resolve => (speak = resolve))
    const server = await serve((request, response) => {
      if (request.url!.includes('/2026-01-01/')) answerAsNbp(request, response)
      else speak()
    })
    await declare(server)
    const watch = watchIn(project.folder)
    const [, url] = await watch.line(/^health at (http:\S+)\/healthz/)
    await silent
    const health = await (await fetch(`${url}/healthz`)).json()
    expect(health).toMatchObject({ status: 'starting', running_since: expect.any(String), pipes: { watched: 1 } })
    watch.kill('SIGTERM')
    await watch.line(/^stopping/)
    await watch.line(/^\d{4}-\S+Z run \S+ partial in .+: 1 pipe, \d+ accepted; next \d{4}-\S+Z$/)
    await watch.line(/^stopped$/)
    expect(await watch.exit).toBe(0)
  })

  it('ends at once on the second signal', async () => {
    let speak = (): void => undefined
    const asked = new Promise<void>(resolve => (speak = resolve))
    await declare(await serve(() => speak()))
    const watch = watchIn(project.folder)
    await asked
    watch.kill('SIGTERM')
    watch.kill('SIGINT')
    expect(await watch.exit).toBe(130)
  })
})

describe('sluice watch', () => {
  it('logs a line per run and shows its health and figures until it is stopped', async () => {
    await declare(await serve(answerAsNbp))
    const stop = new AbortController()
    const lines: string[] = []
    let ended = (): void => undefined
    const ran = new Promise<void>(resolve => (ended = resolve))
    const note = (text: string): void => {
      lines.push(text)
      if (/ run \S+ published in .+: 1 pipe, \d+ accepted; next \d{4}-\S+Z\n$/.test(text)) ended()
    }
    const terminal = fakeTerminal({ folder: project.folder, env: {}, note })
    const watching = watchCommand([], { port: '0' }, terminal, stop.signal)
    await ran
    const url = /http:\S+(?=\/healthz)/.exec(lines[0]!)![0]
    const health = await fetch(`${url}/healthz`)
    expect([health.status, await health.json()]).toMatchObject([200, { status: 'ok', pipes: { failing: 0 } }])
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('sluice_runs_total{status="published"} 1\n')
    stop.abort()
    expect(await watching).toBe(0)
    expect(lines.map(line => line.split(' ')[0])).toEqual([
      'health',
      'watching',
      expect.anything(),
      'stopping:',
      'stopped\n',
    ])
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  })

  async function refused(...args: string[]) {
    const terminal = fakeTerminal({ folder: project.folder, env: {} })
    return [await runProgram(['watch', ...args], terminal), terminal.err()]
  }

  it.each([
    ['a port that is none', ['--port', '70000'], '--port'],
    ['a duration that is none', ['--every', '15m'], '--every'],
    ['a duration of nothing', ['--every', 'PT0S'], '--every'],
    ['a pipe that there is not', ['sample-barz'], 'sample-bars'],
  ])('refuses %s before anything is started', async (_, args, hint) => {
    expect(await refused(...args)).toEqual([2, expect.stringContaining(hint)])
  })
})
