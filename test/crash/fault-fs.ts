// Node's file functions with faults planted in them: an operation on something below a folder fails, answers late, or the process dies there.
// It knows the functions of `node:fs` and nothing of the product.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

export const ERRORS = {
  EIO: 'i/o error',
  ENOSPC: 'no space left on device',
  EMFILE: 'too many open files',
  EACCES: 'permission denied',
} as const

/** `before`: nothing happens but the failure. `after`: it is done, and the answer is lost. */
export type Fault = `${'before' | 'after'}:${keyof typeof ERRORS}` | 'kill-before' | 'kill-after'

/** The disk is slow: an operation begins late, or is done and answers late. It is as late as `pass` takes. */
export interface Late {
  readonly late: 'before' | 'after'
  readonly pass: () => Promise<void>
}

export interface Operation {
  readonly name: string
  readonly path: string
  /** Whether it can leave a trace on the disk. */
  readonly changes: boolean
}

type Call = (...args: unknown[]) => unknown
type Calls = Record<string, Call>

const BY_PATH = [
  ...['access', 'appendFile', 'copyFile', 'link', 'lstat', 'mkdir', 'mkdtemp', 'open', 'readFile', 'readdir'],
  ...['realpath', 'rename', 'rm', 'rmdir', 'stat', 'truncate', 'unlink', 'writeFile'],
]
const BY_CALLBACK = ['open', 'stat', 'lstat', 'read', 'write', 'writev', 'fsync', 'fdatasync', 'close']
const BY_HANDLE = [
  'appendFile',
  'datasync',
  'read',
  'readFile',
  'stat',
  'sync',
  'truncate',
  'write',
  'writeFile',
  'writev',
]
const LOOKS = new Set(['access', 'close', 'lstat', 'read', 'readFile', 'readdir', 'realpath', 'stat'])

/** Asks `plan` at every operation below `root` for what happens to it. Resolves to what takes the faults away again. */
export async function plantFaults(
  root: string,
  plan: (operation: Operation) => Fault | Late | undefined,
): Promise<() => void> {
  const handles = (await handlePrototype()) as Calls
  const undo: (() => void)[] = []
  const paths = new WeakMap<object, string>()
  const descriptors = new Map<unknown, string>()

  function replace(calls: Calls, name: string, make: (original: Call) => Call): void {
    const original = calls[name]!
    calls[name] = make(original)
    undo.push(() => {
      calls[name] = original
    })
  }

  async function pass(name: string, path: string, args: readonly unknown[], operate: () => unknown): Promise<unknown> {
    const changes = name === 'open' ? !['r', undefined].includes(args[1] as string | undefined) : !LOOKS.has(name)
    const planned = plan({ name, path, changes })
    if (typeof planned === 'object') return belated(operate, planned)
    const fault = planned
    if (fault === 'kill-before') await die()
    if (fault?.startsWith('before:')) throw failure(fault, name, path)
    const result = await endOf(operate, fault)
    if (fault?.startsWith('after:')) {
      if (name === 'open') await close(result)
      throw failure(fault, name, path)
    }
    return result
  }

  for (const name of BY_PATH)
    replace(fs.promises as unknown as Calls, name, original => async (...args) => {
      const path = args.slice(0, 2).map(String).find(isBelow)
      if (path === undefined) return original(...args)
      const result = await pass(name, path, args, () => original(...args))
      if (name === 'open') paths.set(result as object, path)
      return result
    })
  for (const name of BY_CALLBACK)
    replace(fs as unknown as Calls, name, original => (...args) => {
      const path = typeof args[0] === 'number' ? descriptors.get(args[0]) : String(args[0])
      const done = args.at(-1)
      if (path === undefined || !isBelow(path) || typeof done !== 'function') return original(...args)
      const answered = (results: unknown): void => {
        if (name === 'open') descriptors.set((results as unknown[])[0], path)
        if (name === 'close') descriptors.delete(args[0])
        done(null, ...(results as unknown[]))
      }
      return pass(name, path, args, () => awaited(original, args)).then(answered, error => done(error))
    })
  for (const name of BY_HANDLE)
    replace(
      handles,
      name,
      original =>
        function (this: object, ...args) {
          const path = paths.get(this)
          return path === undefined
            ? original.apply(this, args)
            : pass(name, path, args, () => original.apply(this, args))
        },
    )
  syncBuiltinESMExports()
  return () => {
    for (const restore of undo) restore()
    syncBuiltinESMExports()
  }

  function isBelow(path: string): boolean {
    return path === root || path.startsWith(`${root}/`)
  }
}

async function belated(operate: () => unknown, { late, pass }: Late): Promise<unknown> {
  if (late === 'before') await pass()
  try {
    return await operate()
  } finally {
    if (late === 'after') await pass()
  }
}

/** Where it dies, it dies after an operation that failed too: a file may be there already. */
async function endOf(operate: () => unknown, fault: Fault | undefined): Promise<unknown> {
  try {
    return await operate()
  } finally {
    if (fault === 'kill-after') await die()
  }
}

async function handlePrototype(): Promise<object> {
  const handle = await fs.promises.open(process.execPath, 'r')
  await handle.close()
  return Object.getPrototypeOf(handle) as object
}

/** What nobody has been given, nobody closes. */
async function close(opened: unknown): Promise<void> {
  if (Array.isArray(opened)) return fs.closeSync(opened[0] as number)
  await (opened as fs.promises.FileHandle).close()
}

function awaited(call: Call, args: readonly unknown[]): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    call(...args.slice(0, -1), (error: unknown, ...results: unknown[]) => (error ? reject(error) : resolve(results)))
  })
}

/** Ends the process as a power cut would: nothing of it runs any more. */
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}

function failure(fault: Fault, syscall: string, path: string): Error {
  const code = fault.split(':')[1] as keyof typeof ERRORS
  return Object.assign(new Error(`${code}: ${ERRORS[code]}, ${syscall} '${path}'`), { code, syscall, path })
}
