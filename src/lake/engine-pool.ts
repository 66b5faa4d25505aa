import type { Engine } from '../engine/engine.js'

/** Lends connections to one piece of work at a time; who finds none waits in order. */
export interface EnginePool {
  use<Result>(work: (engine: Engine) => Promise<Result>): Promise<Result>
}

export function enginePool(engines: readonly Engine[]): EnginePool {
  const idle = [...engines]
  const waiting: ((engine: Engine) => void)[] = []
  const take = (): Promise<Engine> => {
    const engine = idle.pop()
    return engine === undefined ? new Promise(resolve => waiting.push(resolve)) : Promise.resolve(engine)
  }
  const giveBack = (engine: Engine): void => {
    const next = waiting.shift()
    if (next === undefined) idle.push(engine)
    else next(engine)
  }
  return {
    async use(work) {
      const engine = await take()
      try {
        return await work(engine)
      } finally {
        giveBack(engine)
      }
    },
  }
}
