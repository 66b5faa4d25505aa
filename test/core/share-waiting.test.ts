import { expect, it } from 'vitest'
import { shareWaiting } from '../../src/core/share-waiting.js'

/** An answer that counts how often it was asked for, and comes when it is told to. */
function slowAnswer() {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const ask = shareWaiting(async (name: string) => {
    const own = begun.push(name)
    await new Promise<void>(resolve => ends.push(resolve))
    return own
  })
  return { ask, begun, end: () => ends.shift()!() }
}

const ticks = () => new Promise(resolve => setImmediate(resolve))

it('gives those who ask while an answer is under way the next one, together', async () => {
  const { ask, begun, end } = slowAnswer()
  const first = ask('a')
  const later = [ask('a'), ask('a'), ask('a')]
  expect(begun).toEqual(['a'])
  end()
  await ticks()
  expect(begun).toEqual(['a', 'a'])
  end()
  expect([await first, ...(await Promise.all(later))]).toEqual([1, 2, 2, 2])
})

it('asks for each name apart, and again after an error', async () => {
  let asked = 0
  const ask = shareWaiting(async (name: string) => {
    asked++
    if (name === 'bad' && asked === 1) throw new Error('lost')
    return name
  })
  const [lost, again, other] = await Promise.allSettled([ask('bad'), ask('bad'), ask('good')])
  expect(lost).toMatchObject({ status: 'rejected' })
  expect(again).toEqual({ status: 'fulfilled', value: 'bad' })
  expect(other).toEqual({ status: 'fulfilled', value: 'good' })
})
