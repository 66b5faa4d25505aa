import { type ChildProcess, spawn } from 'node:child_process'
import type { Deps } from '../deps.js'
import type { Attempt, Sink } from './sink.js'

/**
 * Runs a program for each event, without a shell: the event is on its standard input, one line of JSON. What it prints is dropped. When
 * the time is up it is killed, with everything that it has started.
 */
export function commandSink([program, ...args]: readonly string[], folder: string, env: Deps['env']): Sink {
  return {
    name: 'command',
    send: (event, signal) =>
      new Promise<Attempt>(resolve => {
        if (signal.aborted) return resolve(TIME_UP)
        const child = start(program ?? '', args, folder, env)
        if ('fault' in child) return resolve({ outcome: 'failed', why: child.fault, again: false })
        const stop = (): void => {
          kill(child)
          child.unref()
          resolve(TIME_UP)
        }
        const end = (attempt: Attempt): void => {
          signal.removeEventListener('abort', stop)
          resolve(attempt)
        }
        signal.addEventListener('abort', stop, { once: true })
        child.once('error', fault => end({ outcome: 'failed', why: startFault(fault), again: false }))
        child.once('exit', (code, killedBy) => end(code === 0 ? { outcome: 'delivered' } : failure(code, killedBy)))
        // A program may end without reading what it is told.
        child.stdin?.on('error', () => undefined)
        child.stdin?.end(`${event}\n`)
      }),
    close: async () => undefined,
  }
}

const TIME_UP: Attempt = { outcome: 'failed', why: 'the time was up', again: false }

function failure(code: number | null, killedBy: NodeJS.Signals | null): Attempt {
  const why = code === null ? `the command was ended by ${killedBy}` : `the command ended with exit code ${code}`
  return { outcome: 'failed', why, again: true }
}

/** Some faults of starting are thrown, others told later. */
function start(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Deps['env'],
): ChildProcess | { readonly fault: string } {
  try {
    return spawn(program, [...args], { cwd, env, detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  } catch (cause) {
    return { fault: startFault(cause) }
  }
}

function startFault(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  return `the command could not be started (${code})`
}

/** A detached child leads a group of its own. */
function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
