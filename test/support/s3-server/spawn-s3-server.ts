import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { compile } from '../child-program.js'
import type { PlannedFault } from './fault.js'
import type { SeenRequest } from './faulty-server.js'
import { type BucketPlace, S3_PLACE, type S3ServerOptions } from './s3-server.js'

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))

/** The server in a process of its own. */
export interface SpawnedS3Server extends BucketPlace {
  plan(faults: readonly PlannedFault[]): Promise<void>
  requests(): Promise<readonly SeenRequest[]>
  close(): Promise<void>
}

export async function spawnS3Server(options: Omit<S3ServerOptions, 'onFault'> = {}): Promise<SpawnedS3Server> {
  const child = spawn(process.execPath, [compile(CHILD), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exit = once(child, 'exit')
  const answer = async (): Promise<unknown> => {
    const line = await lines.next()
    if (line.done) throw new Error(`the S3 server ended with ${child.exitCode}`)
    return JSON.parse(line.value)
  }
  // One question at a time: the answers come in the order of the questions.
  let turn: Promise<unknown> = Promise.resolve()
  const ask = (question: unknown): Promise<unknown> => {
    turn = turn.then(() => {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      return answer()
    })
    return turn
  }
  const urls = (await answer()) as readonly string[]
  return {
    ...S3_PLACE,
    urls,
    url: urls[0]!,
    plan: async faults => void (await ask(faults)),
    requests: async () => (await ask('requests')) as readonly SeenRequest[],
    close: async () => {
      child.stdin.end()
      await exit
    },
  }
}
