import { SluiceError } from '../core/errors.js'
import type { Random } from '../core/random.js'
import type { Wait } from '../core/wait.js'
import type { ObjectStore } from '../storage/object-store.js'
import { readState, writeState } from './state.js'

/** A small value of the lake that several processes change. */
export interface SharedState<T> {
  read(): Promise<T>
  /**
   * Changes the value and resolves with `result` when that is durable. `decide` is pure and may be called several times, each
   * time on the newest value; returning the value itself writes nothing. Changes asked for meanwhile go into one write.
   */
  change<R>(decide: (value: T) => { readonly value: T; readonly result: R }): Promise<R>
}

export interface SharedStateOptions<T> {
  readonly store: ObjectStore
  /** Name of the state in the lake. */
  readonly name: string
  /** Makes the value of what was stored; of undefined, the first one. */
  readonly parse: (stored: unknown) => T | Promise<T>
  /** The JSON that is stored; left out, the value is it. */
  readonly toStored?: (value: T) => unknown
  readonly wait: Wait
  readonly random: Random
}

const TRIES = 100
const LONGEST_PAUSE_MS = 50

interface Change<T> {
  readonly decide: (value: T) => { readonly value: T; readonly result: unknown }
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
}

/**
 * Opens a shared value. A write whose outcome is unknown is decided anew on what is there then: it may count twice, so changes
 * must be such that twice is safe. Throws SLUICE_STORE_UNAVAILABLE when others are faster for every try.
 */
export function sharedState<T>(options: SharedStateOptions<T>): SharedState<T> {
  const { store, name, parse, toStored = value => value } = options
  let newest: { n: number; value: T } | undefined
  let waiting: Change<T>[] = []
  let writing = false

  const load = async (): Promise<{ n: number; value: T }> => {
    const state = await readState(store, name)
    return { n: state?.n ?? 0, value: await parse(state?.value) }
  }

  async function settle(changes: readonly Change<T>[]): Promise<void> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const base = newest ?? (await load())
      const { value, results } = applyAll(base.value, changes)
      const written =
        value === base.value ? { outcome: 'same' as const } : await writeState(store, name, base.n, toStored(value))
      if (written.outcome === 'written' || written.outcome === 'same') {
        newest = written.outcome === 'same' ? base : { n: written.n, value }
        for (const [at, change] of changes.entries()) change.resolve(results[at] as never)
        return
      }
      newest = undefined
      await options.wait(options.random() * LONGEST_PAUSE_MS)
    }
    const message = `The state ${name} changed faster than it could be written, ${TRIES} times. Nothing was changed.`
    throw new SluiceError('SLUICE_STORE_UNAVAILABLE', message, { name })
  }

  async function writeAll(): Promise<void> {
    writing = true
    while (waiting.length > 0) {
      const changes = waiting
      waiting = []
      try {
        await settle(changes)
      } catch (error) {
        newest = undefined
        for (const change of changes) change.reject(error)
      }
    }
    writing = false
  }

  return {
    async read() {
      newest = await load()
      return newest.value
    },
    change(decide) {
      return new Promise((resolve, reject) => {
        waiting.push({ decide, resolve, reject })
        // Whoever asks in the same turn comes along.
        if (!writing) queueMicrotask(() => (writing ? undefined : writeAll()))
      })
    },
  }
}

function applyAll<T>(value: T, changes: readonly Change<T>[]): { value: T; results: unknown[] } {
  const results: unknown[] = []
  let current = value
  for (const { decide } of changes) {
    const decided = decide(current)
    current = decided.value
    results.push(decided.result)
  }
  return { value: current, results }
}
