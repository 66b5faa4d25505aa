/** So many may work at once; the others wait in the order in which they came. */
export interface Permits {
  /** Does work as soon as it is its turn. */
  with<T>(work: () => Promise<T>): Promise<T>
}

export function permits(count: number): Permits {
  let free = count
  const queue: (() => void)[] = []
  let head = 0

  function release(): void {
    const next = queue[head++]
    if (next === undefined) {
      queue.length = 0
      head = 0
      free++
    } else next()
  }

  return {
    async with(work) {
      if (free > 0) free--
      else await new Promise<void>(resolve => queue.push(resolve))
      try {
        return await work()
      } finally {
        release()
      }
    },
  }
}
