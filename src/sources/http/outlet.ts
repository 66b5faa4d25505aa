/** A queue between many who produce and one who consumes. Producers wait outside while too much lies in it. */
export interface Outlet<T> {
  put(item: T, weight: number): void
  /** Resolves when there is room for more. */
  room(): Promise<void>
  /** No more comes: the consumer ends after what is there. */
  end(): void
  /** The consumer ends with this error. */
  fail(error: unknown): void
  items(): AsyncGenerator<T>
  /** Drops what is there and all that comes, until the end. */
  drained(): Promise<void>
}

export function outlet<T>(roomFor: number): Outlet<T> {
  let mayHold = roomFor
  const items: { item: T; weight: number }[] = []
  let weightInside = 0
  let ended = false
  let failure: { error: unknown } | undefined
  let wakeConsumer = (): void => undefined
  let wakeProducers: (() => void)[] = []

  function open(): void {
    for (const wake of wakeProducers) wake()
    wakeProducers = []
  }

  return {
    put(item, weight) {
      items.push({ item, weight })
      weightInside += weight
      wakeConsumer()
    },
    async room() {
      while (weightInside > mayHold && !ended) await new Promise<void>(resolve => wakeProducers.push(resolve))
    },
    end() {
      ended = true
      wakeConsumer()
      open()
    },
    fail(error) {
      failure ??= { error }
      wakeConsumer()
    },
    async drained() {
      mayHold = Number.POSITIVE_INFINITY
      open()
      while (!ended) {
        await new Promise<void>(resolve => {
          wakeConsumer = resolve
        })
      }
    },
    async *items() {
      for (;;) {
        if (failure !== undefined) throw failure.error
        const next = items.shift()
        if (next !== undefined) {
          weightInside -= next.weight
          open()
          yield next.item
        } else if (ended) return
        else {
          await new Promise<void>(resolve => {
            wakeConsumer = resolve
          })
        }
      }
    },
  }
}
