import { permits } from '../core/permits.js'
import type { Engine } from '../engine/engine.js'

/** Lends connections to one piece of work at a time; who finds none waits in order. */
export interface EnginePool {
  use<Result>(work: (engine: Engine) => Promise<Result>): Promise<Result>
}

export function enginePool(engines: readonly Engine[]): EnginePool {
  const idle = [...engines]
  const turns = permits(engines.length)
  return {
    use: work =>
      turns.with(async () => {
        const engine = idle.pop()!
        try {
          return await work(engine)
        } finally {
          idle.push(engine)
        }
      }),
  }
}
