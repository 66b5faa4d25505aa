import pc from 'picocolors'
import type { Terminal } from '../../src/cli/terminal.js'

export interface FakeTerminal extends Terminal {
  readonly out: () => string
  readonly err: () => string
}

/** A terminal without colours that remembers what was printed. */
export function fakeTerminal(parts: Partial<Terminal> = {}): FakeTerminal {
  let out = ''
  let err = ''
  return {
    write: text => {
      out += text
    },
    stream: async bytes => {
      for await (const chunk of bytes) out += Buffer.from(chunk).toString('utf8')
    },
    note: text => {
      err += text
    },
    interactive: false,
    colors: pc.createColors(false),
    columns: undefined,
    folder: '/',
    env: {},
    ...parts,
    out: () => out,
    err: () => err,
  }
}
