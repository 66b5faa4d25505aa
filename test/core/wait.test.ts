import { describe, expect, it } from 'vitest'
import { systemWait, withinTime } from '../../src/core/wait.js'

describe('systemWait', () => {
  it('ends when its signal is aborted, however long it was to wait', async () => {
    const stop = new AbortController()
    const waiting = systemWait(40 * 86_400_000, stop.signal)
    stop.abort()
    await expect(waiting).resolves.toBeUndefined()
    await expect(systemWait(86_400_000, stop.signal)).resolves.toBeUndefined()
  })

  it('does not end at once when it waits longer than a timer can hold', async () => {
    const stop = new AbortController()
    const order: string[] = []
    const long = systemWait(2 ** 31 + 5, stop.signal).then(() => order.push('long'))
    await systemWait(20).then(() => order.push('short'))
    stop.abort()
    await long
    expect(order).toEqual(['short', 'long'])
  })
})

describe('withinTime', () => {
  const untilAborted = (signal: AbortSignal): Promise<string> =>
    new Promise(resolve => signal.addEventListener('abort', () => resolve((signal.reason as Error).name)))

  it('aborts work that takes too long', async () => {
    expect(await withinTime(5, undefined, untilAborted)).toBe('TimeoutError')
  })

  it('aborts work when the outer signal is aborted, before or during it', async () => {
    const stop = new AbortController()
    const working = withinTime(60_000, stop.signal, untilAborted)
    stop.abort()
    expect(await working).toBe('AbortError')
    expect(await withinTime(60_000, stop.signal, async signal => signal.aborted)).toBe(true)
  })

  it('gives the result of work that is quick', async () => {
    expect(await withinTime(60_000, undefined, async signal => signal.aborted)).toBe(false)
  })
})
