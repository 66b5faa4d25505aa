import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listSettings, variableOf } from '../../src/pipeline/project/env-settings.js'
import { composeServices } from '../support/compose.js'
import { ROOT } from './repository.js'

/** Images cannot be pulled everywhere; the same commands run without Docker in test/interop/compose.test.ts. */
describe('compose.yaml', () => {
  const services = composeServices('secret')

  it('takes images of one version each, the store that the tests know', () => {
    const images = Object.values(services).flatMap(({ image }) => image ?? [])
    expect(images.filter(image => !/^[a-z/]+:v?\d+\.\d+\.\d+$/.test(image))).toEqual([])
    const known = /versitygw@(v\S+)/.exec(readFileSync(join(ROOT, 'test/interop/stores/packages.txt'), 'utf8'))![1]
    expect(services['store']!.image).toBe(`versity/versitygw:${known}`)
  })

  it('says nothing to Sluice that it does not know, and nothing secret to anybody', () => {
    const { environment = {}, command } = services['sluice']!
    const known = new Set(listSettings().map(({ path }) => variableOf(path)))
    const own = Object.keys(environment).filter(name => name.startsWith('SLUICE__'))
    expect(own.filter(name => !known.has(name))).toEqual([])
    expect(own.length).toBeGreaterThan(2)
    expect(command).toEqual(['watch'])
    expect(readFileSync(join(ROOT, 'compose.yaml'), 'utf8')).not.toMatch(/SECRET[A-Z_]*: [^$\n]/)
  })

  it('gives the cache an end, and files of a run as much room again', () => {
    const text = readFileSync(join(ROOT, 'compose.yaml'), 'utf8')
    const kept = /SLUICE__CACHE__MAX_SIZE: (\d+)MB/.exec(text)?.[1]
    const memory = /target: \/cache\s+tmpfs: \{[^}]*size: (\d+)gb/.exec(text)?.[1]
    expect(Number(memory) * 1000).toBeGreaterThanOrEqual(1.9 * Number(kept))
  })
})
