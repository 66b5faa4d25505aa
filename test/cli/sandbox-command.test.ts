import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type SandboxOptions, sandboxCommand } from '../../src/cli/sandbox-command.js'
import { type SandboxSettings, startSandbox } from '../../src/cli/sandbox-process.js'
import { untilInterrupted } from '../../src/cli/until-interrupted.js'
import { readNodes } from '../../src/core/yaml-nodes.js'
import { settingsSchema } from '../../src/pipeline/project/config-schema.js'
import { filesBelow, ROOT } from '../guard/repository.js'
import { type FakeTerminal, fakeTerminal } from '../support/fake-terminal.js'

/** The program of the child, compiled: a process does not run TypeScript. */
let compiled: string
beforeAll(() => {
  compiled = mkdtempSync(join(tmpdir(), 'sluice-sandbox-'))
  writeFileSync(join(compiled, 'package.json'), '{"type":"module"}')
  const target = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  for (const { path, text } of ['src/sandbox', 'src/core', 'src/market'].flatMap(folder => filesBelow(folder, '.ts'))) {
    const file = join(compiled, path.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, ts.transpile(text, target))
  }
})
afterAll(() => rmSync(compiled, { recursive: true }))

const start = (settings: SandboxSettings) =>
  startSandbox(settings, pathToFileURL(join(compiled, 'src/sandbox/main.js')))

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

interface Running {
  readonly terminal: FakeTerminal
  stop(): Promise<number>
}

/** The command, when it has printed where it answers. */
async function running(options: SandboxOptions): Promise<Running> {
  const stopping = new AbortController()
  let printed = (): void => undefined
  const ready = new Promise<void>(resolve => {
    printed = resolve
  })
  const terminal = fakeTerminal()
  const watched = { ...terminal, write: (text: string) => [terminal.write(text), printed()] as unknown as undefined }
  const exit = sandboxCommand(options, watched, start, stopping.signal)
  const stop = (): Promise<number> => {
    stopping.abort()
    return exit
  }
  stops.push(stop)
  await Promise.race([ready, exit])
  return { terminal, stop }
}

describe('sluice sandbox', () => {
  it('prints settings that sluice.yaml takes, and answers where they point', async () => {
    const { terminal, stop } = await running({ now: '2026-11-20T18:00:00Z' })
    const [, yaml = ''] = /sluice\.yaml of a project that asks here\n([\s\S]*)\nStop with/.exec(terminal.out()) ?? []
    const settings = settingsSchema.parse(readNodes(yaml).value)
    expect(Object.keys(settings.providers ?? {})).toEqual([
      'nbp',
      'coingecko',
      'coingecko-pro',
      'fred',
      'stooq',
      'ecb',
      'binance',
    ])
    const url = settings.providers!['nbp']!.url!
    expect(settings.network?.allow_hosts).toEqual([new URL(url).host])
    const answer = await fetch(`${url}/cenyzlota/today`)
    expect(await answer.json()).toMatchObject([{ data: '2026-11-20' }])
    expect(await stop()).toBe(0)
    expect(terminal.err()).toBe('stopped after 1 request\n')
  })

  it('prints one JSON document when it is asked to', async () => {
    const { terminal } = await running({ output: 'json', seed: '9', now: '2026-11-20' })
    const facts = JSON.parse(terminal.out()) as Record<string, unknown>
    expect(facts).toMatchObject({
      seed: 9,
      now: '2026-11-20T00:00:00.000Z',
      addresses: { ecb: `${facts['url']}/ecb/service/data` },
    })
  })

  it('has the faults that it was given', async () => {
    const { terminal } = await running({ output: 'json', fault: ['binance:429:1'] })
    const { addresses } = JSON.parse(terminal.out()) as { addresses: Record<string, string> }
    const status = async (): Promise<number> => (await fetch(`${addresses['binance']}/ping`)).status
    expect([await status(), await status()]).toEqual([429, 200])
  })

  it.each([
    [{ port: 'http' }, '--port is a whole number'],
    [{ port: '70000' }, '--port is a whole number up to 65535'],
    [{ seed: '-1' }, '--seed is a whole number'],
    [{ now: 'yesterday' }, '--now is no time'],
    [{ fault: ['nbp:never'] }, 'there is no fault "never"'],
    [{ output: 'csv' }, '--output is one of'],
  ])('refuses %o before it starts', async (options, message) => {
    await expect(sandboxCommand(options, fakeTerminal(), start)).rejects.toThrow(message)
  })
})

describe('an interrupt', () => {
  // A process of its own: a signal is for all of one.
  const script = `
    ${ts.transpile(readFileSync(join(ROOT, 'src/cli/until-interrupted.ts'), 'utf8'), { target: ts.ScriptTarget.ES2022 })}
    process.on('SIGTERM', () => process.exit(130))
    const alive = setInterval(() => {}, 1000)
    const interrupted = untilInterrupted()
    process.stdout.write('ready')
    await interrupted
    clearInterval(alive)
    process.stdout.write(' stopped, ' + process.listenerCount('SIGTERM') + ' listener back')`

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s is for the command alone, and for the others again after it',
    async signal => {
      const child = execFile(process.execPath, ['--input-type=module', '-e', script])
      let out = ''
      child.stdout!.on('data', (text: string) => {
        if (out === '') child.kill(signal)
        out += text
      })
      const [code] = (await once(child, 'exit')) as [number | null]
      expect([code, out]).toEqual([0, 'ready stopped, 1 listener back'])
    },
  )

  it('that came before is heard', async () => {
    await expect(untilInterrupted(AbortSignal.abort())).resolves.toBeUndefined()
  })
})
