import { cp, readFile, writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import type { Verification } from '../../../src/pipeline/verify/verification.js'
import { type VerifyOptions, verify } from '../../../src/pipeline/verify/verify.js'
import type { ProjectFolder, TestLake } from '../../support/lakes.js'

/** A copy of a lake with something done to it. */
export async function damagedCopy(
  sound: TestLake,
  folder: ProjectFolder,
  damage: (root: string) => Promise<unknown>,
): Promise<TestLake> {
  const { config } = folder.lake().project
  await cp(sound.root, config.lake, { recursive: true })
  await damage(config.lake)
  return sound.with({ config: { ...sound.project.config, lake: config.lake } })
}

/** The findings as short texts, after making sure that looking has written nothing. */
export async function findingsOf(lake: TestLake, options: VerifyOptions = {}): Promise<[Verification, string[]]> {
  const before = await lake.files()
  const found = await verify(lake.project, options)
  expect(await lake.files()).toEqual(before)
  return [found, found.faults.map(({ kind, code, subject, file }) => `${kind} ${code} ${subject} ${file}`)]
}

export async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 0x40
  await writeFile(path, bytes)
}

export async function cut(path: string): Promise<void> {
  const bytes = await readFile(path)
  await writeFile(path, bytes.subarray(0, bytes.length - 9))
}

export async function edit(path: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(path, 'utf8')
  const changed = change(text)
  if (changed === text) throw new Error(`${path} was not changed`)
  await writeFile(path, changed)
}
