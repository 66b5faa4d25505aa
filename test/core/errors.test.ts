import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { asSluiceError, SluiceError } from '../../src/core/errors.js'

const withErrno = (code: string) => Object.assign(new Error(`${code}: what the system says, write`), { code })

it.each([
  ['ENOSPC', 'SLUICE_STORE_FULL'],
  ['EDQUOT', 'SLUICE_STORE_FULL'],
  // A file larger than the user's limit.
  ['EFBIG', 'SLUICE_STORE_FULL'],
  ['EROFS', 'SLUICE_STORE_READ_ONLY'],
  ['EMFILE', 'SLUICE_STORE_UNAVAILABLE'],
])('takes a failed system call (%s) for a fault of the machine', (errno, code) => {
  const error = asSluiceError(withErrno(errno))
  expect([error.code, error.message]).toEqual([
    code,
    `${errno}: what the system says. Nothing was published by halves.`,
  ])
})

it('takes a real one for what it is', async () => {
  const folder = join(tmpdir(), 'sluice-errors')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'file'), '')
  const cause = await open(join(folder, 'file', 'below'), 'w').catch(thrown => thrown)
  expect(asSluiceError(cause).code).toBe('SLUICE_INTERNAL')
  await rm(folder, { recursive: true })
})

it('takes all else for a bug, and leaves its own errors as they are', () => {
  const own = new SluiceError('SLUICE_RUN_UNKNOWN', 'There is no run x.')
  expect(asSluiceError(own)).toBe(own)
  expect(asSluiceError(new TypeError('x is not a function')).code).toBe('SLUICE_INTERNAL')
  expect(asSluiceError('text')).toMatchObject({ code: 'SLUICE_INTERNAL', message: 'text' })
})
