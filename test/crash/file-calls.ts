import { readFile } from 'node:fs/promises'

/** `name`: `path` got a further name, or another one: `to`. */
export type FileCall =
  | { readonly kind: 'write' | 'sync'; readonly path: string }
  | { readonly kind: 'name'; readonly path: string; readonly to: string }

const LINE = /^(\d+) +(\w+)\((.*)$/
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/

/** The calls of a log of `strace -f -y` that write, fsync, link and rename, in the order in which they ended; failed ones are left out. */
export async function fileCalls(log: string): Promise<FileCall[]> {
  const begun = new Map<string, string>()
  const calls: FileCall[] = []
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    const resumed = RESUMED.exec(line)
    const [, pid, name, rest] = resumed ?? LINE.exec(line) ?? []
    if (pid === undefined || name === undefined || rest === undefined) continue
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(`${pid} ${name}`, rest.slice(0, -'<unfinished ...>'.length))
      continue
    }
    const text = resumed === null ? rest : (begun.get(`${pid} ${name}`) ?? '') + rest
    if (/\) += -1 /.test(text)) continue
    const call = callOf(name, text)
    if (call !== undefined) calls.push(call)
  }
  return calls
}

function callOf(name: string, text: string): FileCall | undefined {
  if (/^(link|rename)/.test(name)) {
    const [from, to] = [...text.matchAll(/"([^"]*)"/g)].map(([, path]) => path!)
    return from === undefined || to === undefined ? undefined : { kind: 'name', path: from, to }
  }
  const path = /^\d+<([^>]*)>/.exec(text)?.[1]
  if (path === undefined) return undefined
  return { kind: /sync$/.test(name) ? 'sync' : 'write', path }
}
