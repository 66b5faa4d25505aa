import { execFileSync } from 'node:child_process'

/** A network in which processes know nothing but a cable to this machine, which can be cut. */
export interface OwnNetwork {
  /** This machine's end of the cable. It stays reachable from here when the cable is cut. */
  readonly host: string
  /** What a command line is put behind to run there. It gives way to the program, so that signals reach it. */
  readonly command: readonly string[]
  cut(): void
  mend(): void
  /** Ends the network: whatever runs there must have ended. */
  remove(): void
}

/**
 * A network namespace and a pair of virtual Ethernet devices, or the reason why there is none: it needs Linux, `ip` and the rights of root. The
 * names and addresses are those of this process, so that tests of several can run.
 */
export function ownNetwork(): OwnNetwork | string {
  const { pid } = process
  const [space, here, there] = [`sluice-${pid}`, `slh${pid}`, `slt${pid}`]
  // 100.64.0.0/10 is for networks that nobody routes: four addresses for each process.
  const base = (pid * 4) % (1 << 22)
  const address = (at: number): string =>
    [100, 64 + ((base + at) >> 16), ((base + at) >> 8) & 255, (base + at) & 255].join('.')
  const remove = (): void => ip('netns', 'del', space)
  try {
    ip('netns', 'add', space)
  } catch (cause) {
    return reasonOf(cause)
  }
  try {
    ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', space)
    ip('address', 'add', `${address(1)}/30`, 'dev', here)
    ip('link', 'set', here, 'up')
    ip('-n', space, 'address', 'add', `${address(2)}/30`, 'dev', there)
    ip('-n', space, 'link', 'set', there, 'up')
  } catch (cause) {
    remove()
    return reasonOf(cause)
  }
  return {
    host: address(1),
    command: ['ip', 'netns', 'exec', space],
    cut: () => ip('-n', space, 'link', 'set', there, 'down'),
    mend: () => ip('-n', space, 'link', 'set', there, 'up'),
    remove,
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
}

function reasonOf(cause: unknown): string {
  const { stderr, message } = cause as { stderr?: string; message: string }
  return (stderr || message).trim()
}
