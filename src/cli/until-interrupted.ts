const SIGNALS = ['SIGINT', 'SIGTERM'] as const
type Listener = (...args: unknown[]) => void

/** Resolves at the first SIGINT or SIGTERM, or when the signal is aborted. Until then, nobody else in the process hears these two. */
export async function untilInterrupted(signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return
  const own = new AbortController()
  const stop = (): void => own.abort()
  const others = SIGNALS.map(name => ({ name, listeners: process.rawListeners(name) as Listener[] }))
  // There is a listener at every moment: without one, a signal would end the process.
  for (const { name, listeners } of others) {
    process.on(name, stop)
    for (const listener of listeners) process.removeListener(name, listener)
  }
  signal?.addEventListener('abort', stop, { once: true })
  await new Promise<void>(resolve => own.signal.addEventListener('abort', () => resolve(), { once: true }))
  signal?.removeEventListener('abort', stop)
  for (const { name, listeners } of others) {
    for (const listener of listeners) process.on(name, listener)
    process.removeListener(name, stop)
  }
}
