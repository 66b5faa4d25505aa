/** Resolves after that many milliseconds, or as soon as the signal is aborted; it never rejects. Passed in, as the clock is. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>

/** The longest time that a timer of Node can hold; longer ones would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemWait: Wait = async (ms, signal) => {
  for (let left = ms; left > 0 && signal?.aborted !== true; left -= LONGEST_TIMER_MS) {
    await waitOnce(Math.min(left, LONGEST_TIMER_MS), signal)
  }
}

/** Does work that must end within `ms`: its signal is aborted then, or when the outer one is. The timer ends with the work. */
export async function withinTime<T>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController()
  const abort = (): void => own.abort(outer?.reason)
  const timer = setTimeout(
    () => own.abort(new DOMException('the time is up', 'TimeoutError')),
    Math.min(Math.max(ms, 0), LONGEST_TIMER_MS),
  )
  if (outer?.aborted === true) abort()
  outer?.addEventListener('abort', abort, { once: true })
  try {
    return await work(own.signal)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', abort)
  }
}

function waitOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
}
