import { expect, it } from 'vitest'
import { filesBelow } from './repository.js'

const CAPS = [
  ['src', 400],
  ['test', 600],
] as const

it.each(CAPS)('no file in %s has more than %i lines', (folder, cap) => {
  const long = filesBelow(folder, '.ts')
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > cap)
  expect(long).toEqual([])
})
