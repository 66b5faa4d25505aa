import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Names a process so that another one can say later whether it still lives: the machine, its boot, the space of process ids
 * (a container has its own), the id, and when the process began, because ids are used again.
 */
export interface ProcessMark {
  readonly machine: string
  readonly boot: string
  readonly pidSpace: string
  readonly pid: number
  /** In the kernel's own count; `0` where it cannot be read. */
  readonly start: string
}

/** `unknown`: of another machine or container. Whoever asks must take it for a living one. */
export type ProcessState = 'alive' | 'dead' | 'unknown'

/** The mark of this process. */
export function ownMark(): ProcessMark {
  const machineId = textOf('/etc/machine-id')
  const bootId = textOf('/proc/sys/kernel/random/boot_id')
  // Without an id of the machine, two of them could share a name: then another boot counts as another machine.
  const machine = hash(`${hostname()} ${machineId === '' ? bootId : machineId}`)
  const boot = machineId === '' ? hash('') : hash(bootId)
  return { machine, boot, pidSpace: pidSpace(), pid: process.pid, start: statusOf(process.pid)?.start ?? '0' }
}

/** Whether the process of a mark lives, as far as this process can tell. */
export function stateOf(mark: ProcessMark, own: ProcessMark = ownMark()): ProcessState {
  if (mark.machine !== own.machine) return 'unknown'
  if (mark.boot !== own.boot) return 'dead'
  if (mark.pidSpace !== own.pidSpace) return 'unknown'
  if (!exists(mark.pid)) return 'dead'
  const status = statusOf(mark.pid)
  if (status === undefined) return 'alive'
  return status.ended || status.start !== mark.start ? 'dead' : 'alive'
}

/** A signal that is never sent still says whether there is a receiver, also one of another user. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return !(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')
  }
}

/** What Linux says of a process; undefined elsewhere, or when it hides the processes of others. */
function statusOf(pid: number): { readonly ended: boolean; readonly start: string } | undefined {
  // The name of the program stands in parentheses and may hold anything.
  const fields = textOf(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? []
  const [state, start] = [fields[0], fields[19]]
  return start === undefined ? undefined : { ended: state === 'Z' || state === 'X', start }
}

function pidSpace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
