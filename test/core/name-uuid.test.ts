import { expect, it } from 'vitest'
import { nameUuid } from '../../src/core/name-uuid.js'

it.each([
  ['sluice:demo demo-001', 'e60e0886-374e-5ec7-ba5b-f3062bd7de4e'],
  ['zł', '03337d0c-b1c0-5ea3-9d3d-92a6db800ad0'],
])('gives %s the UUID that uuid.uuid5 of Python gives it in the same space', (name, uuid) => {
  expect(nameUuid(name)).toBe(uuid)
})
