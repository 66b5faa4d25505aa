import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runProgram } from '../../src/cli/run-program.js'
import { compile, programArgs } from '../support/child-program.js'
import { fakeTerminal } from '../support/fake-terminal.js'

const DYING = fileURLToPath(new URL('dying-child.ts', import.meta.url))

let program: readonly string[] | undefined
let dying: string | undefined

/** What a command line printed and how it ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** Where a child dies: at its `at`-th change below `root`, or `afterMs` milliseconds later; never with 0. */
export interface Death {
  readonly root: string
  readonly at: number
  readonly fault?: 'kill-before' | 'kill-after'
  readonly afterMs?: number
}

/** Runs a command line in a process that dies as it is told. */
export async function runDying(args: readonly string[], death: Death): Promise<Ended> {
  dying ??= pathToFileURL(compile(DYING)).href
  return runChild(args, ['--import', dying], { CRASH_PLAN: JSON.stringify(death) })
}

/** Runs a command line in a process of its own. */
export async function runChild(
  args: readonly string[],
  nodeArgs: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  program ??= programArgs()
  const child = spawn(process.execPath, [...nodeArgs, ...program, ...args], {
    env: { ...process.env, ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, out, err }
}

/** Runs a command line in this process. */
export async function runHere(args: readonly string[]): Promise<Ended> {
  const terminal = fakeTerminal()
  const code = await runProgram(args, terminal)
  return { code, signal: null, out: terminal.out(), err: terminal.err() }
}

/** The JSON that a command line answers. Throws with what it said where it fails. */
export async function answerOf(args: readonly string[]): Promise<unknown> {
  const { code, out, err } = await runHere([...args, '--output', 'json'])
  if (code !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${code}:\n${err}`)
  return JSON.parse(out)
}
