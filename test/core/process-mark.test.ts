import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ownMark, stateOf } from '../../src/core/process-mark.js'

const own = ownMark()

describe('the mark of a process', () => {
  it('says that this process lives, and names it alike every time', () => {
    expect(ownMark()).toEqual(own)
    expect(stateOf(own)).toBe('alive')
  })

  it('of one that has ended says that it is dead', () => {
    const ended = spawnSync(process.execPath, ['-e', '0'])
    expect(stateOf({ ...own, pid: ended.pid })).toBe('dead')
  })

  it('of one that lives says so, also when another process asks', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
    await once(child, 'spawn')
    // Where the start cannot be read, it is 0 for all.
    const start = own.start === '0' ? '0' : await startOf(child.pid!)
    expect(stateOf({ ...own, pid: child.pid!, start })).toBe('alive')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(stateOf({ ...own, pid: child.pid!, start })).toBe('dead')
  })

  it('with an id that was given to a new process says that the old one is dead, where starts can be read', () => {
    const readable = own.start !== '0'
    expect(stateOf({ ...own, start: String(Number(own.start) + 1) })).toBe(readable ? 'dead' : 'alive')
  })

  it('of another machine or container cannot be judged; of an earlier boot it is dead', () => {
    expect(stateOf({ ...own, machine: '00000000' })).toBe('unknown')
    expect(stateOf({ ...own, pidSpace: '1' })).toBe('unknown')
    expect(stateOf({ ...own, boot: '00000000' })).toBe('dead')
  })
})

async function startOf(pid: number): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  return (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)!.split(' ')[19]!
}
