import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Ended } from '../crash/command.js'
import { programArgs } from '../support/child-program.js'

/** One of several machines that share a bucket: a name, a cache and an address of the store of its own. */
export interface Machine {
  readonly name: string
  start(args: readonly string[]): Command
}

/** A command line that is under way. */
export interface Command {
  readonly ended: Promise<Ended>
  signal(signal: NodeJS.Signals): void
}

/** Whether a process can be given a host name of its own, by which Sluice tells machines apart. */
export const canRename = spawnSync('unshare', ['--uts', 'true']).status === 0

/** `folder` is where the machine keeps what it has read; `url` is how it reaches the store; `within` is what its command lines are put behind. */
export function machine(name: string, folder: string, url: string, within: readonly string[] = []): Machine {
  const env = { ...process.env, NO_COLOR: '1', SLUICE__STORE__ENDPOINT: url, SLUICE__CACHE__FOLDER: join(folder, name) }
  const program = programArgs()
  return {
    name,
    start(args) {
      const line = [process.execPath, ...program, ...args]
      // Each program gives way to the next, so that a signal reaches the last.
      const renamed = ['unshare', '--uts', 'sh', '-c', `hostname ${name}; exec "$@"`, 'sh', ...line]
      const [command, ...rest] = [...within, ...(canRename ? renamed : line)]
      const child = spawn(command!, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] })
      return { ended: ended(child), signal: signal => void child.kill(signal) }
    },
  }
}

async function ended(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', text => {
    err += text
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, out, err }
}
