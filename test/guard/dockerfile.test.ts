import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './repository.js'

/** What hadolint does not ask for; hadolint itself runs in `.ci/run`. */
describe('the Dockerfile', () => {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ')
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  const last = lines.slice(lines.findLastIndex(line => line.startsWith('FROM ')))

  it('builds from pinned Debian slim images in more than one stage', () => {
    const images = lines.filter(line => line.startsWith('FROM ')).map(line => line.split(' ')[1] ?? '')
    expect(images.length).toBeGreaterThan(1)
    expect(images.filter(image => !/^node:\d+\.\d+\.\d+-[a-z]+-slim$/.test(image))).toEqual([])
  })

  it('runs as a user who is not root', () => {
    const users = last.filter(line => line.startsWith('USER ')).map(line => line.slice(5).trim())
    expect(users).toEqual(['1000:1000'])
  })

  it('installs what the lockfile says, at run time without tools of development', () => {
    const installs = lines.filter(line => /npm (ci|i|install)\b/.test(line))
    expect(installs.every(line => /npm ci\b/.test(line))).toBe(true)
    expect(installs.some(line => /--omit=dev/.test(line))).toBe(true)
  })

  it('starts sluice itself, not a shell', () => {
    expect(last.filter(line => line.startsWith('ENTRYPOINT '))).toEqual(['ENTRYPOINT ["sluice"]'])
  })

  it('takes only what the build needs from the checkout', () => {
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n')
    expect(ignored).toEqual(expect.arrayContaining(['*']))
    expect(ignored.filter(line => /^!(\.git|\.env|node_modules|data_lake)\/?$/.test(line))).toEqual([])
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }
    const packed = files.filter(name => name !== 'dist').map(name => `!${name}`)
    expect(ignored).toEqual(expect.arrayContaining(packed))
  })
})
