import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keyEnv } from '../../../src/pipeline/fetch/key-env.js'
import { readKey } from '../../../src/sources/http/read-key.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-keys-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function keyOf(dotEnv: string, env: Record<string, string | undefined>): Promise<string | undefined> {
  await writeFile(join(folder, '.env'), dotEnv)
  return (await readKey('FRED_API_KEY', await keyEnv(folder, env)))?.reveal()
}

it('is the environment where a project has no .env', async () => {
  expect(await keyEnv(folder, { A: 'x' })).toEqual({ A: 'x' })
})

it('takes a key of .env when the environment has none', async () => {
  expect(await keyOf('FRED_API_KEY="from-file" # mine\n', { FRED_API_KEY: '' })).toBe('from-file')
})

it('takes the key of the environment first', async () => {
  expect(await keyOf('FRED_API_KEY=from-file\n', { FRED_API_KEY: 'from-env' })).toBe('from-env')
})

it('takes one form of a key from the environment although .env has the other', async () => {
  expect(await keyOf('FRED_API_KEY_FILE=/nowhere\n', { FRED_API_KEY: 'from-env' })).toBe('from-env')
  const file = join(folder, 'key')
  await writeFile(file, 'from-key-file\n')
  expect(await keyOf('FRED_API_KEY=from-file\n', { FRED_API_KEY_FILE: file })).toBe('from-key-file')
})
