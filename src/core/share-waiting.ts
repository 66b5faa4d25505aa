/**
 * Calls for one name that arrive while a call is under way wait for it and then share the next: each gets what began after it was asked for, so none
 * sees a stale effect or a stale answer.
 */
export function shareWaiting<Result>(act: (name: string) => Promise<Result>): (name: string) => Promise<Result> {
  const running = new Map<string, Promise<Result>>()
  const waiting = new Map<string, Promise<Result>>()

  function start(name: string): Promise<Result> {
    const done = act(name).finally(() => running.delete(name))
    running.set(name, done)
    return done
  }

  return name => {
    const queued = waiting.get(name)
    if (queued !== undefined) return queued
    const current = running.get(name)
    if (current === undefined) return start(name)
    const next = current
      .catch(() => undefined)
      .then(() => {
        waiting.delete(name)
        return start(name)
      })
    waiting.set(name, next)
    return next
  }
}
