import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesBelow } from '../guard/repository.js'
import { sluiceArguments } from './markdown.js'
import { type Walkthrough, walkthrough } from './walkthrough.js'

describe('the tour of README.md', () => {
  let project: Walkthrough
  beforeAll(async () => {
    project = await walkthrough()
  })
  afterAll(() => project.remove())

  it('can be walked', async () => {
    await project.follow('README.md')
  })

  describe('and then each row of coming-from-the-prototypes.md', () => {
    const text = readFileSync('docs/guides/coming-from-the-prototypes.md', 'utf8')
    const rows = [...text.matchAll(/^\| `(.+?)` \| (.+) \|$/gm)].map(([, before = '', now = '']) => ({ before, now }))
    const commands = rows.filter(({ now }) => /^`(npx|npm) /.test(now))
    const paths = rows.filter(row => !commands.includes(row))

    it('is a command or a path', () => {
      expect([rows.length, commands.length, paths.length]).toEqual([15, 6, 9])
    })

    it.each(commands)('$before is now $now', async ({ now }) => {
      const line = now.replaceAll('`', '')
      const args = sluiceArguments(line)
      if (args === undefined) expect(['npm ci', 'npm test']).toContain(line)
      else expect((await project.sluice(args)).exit).toBe(0)
    })

    it.each(paths)('$before is now $now', ({ now }) => {
      const named = [...now.matchAll(/`([^`]+)`/g)].map(match => match[1]!)
      for (const path of named) {
        expect(path.startsWith('data_lake/') ? inLake(project.folder, path) : existsSync(path), path).toBe(true)
      }
    })
  })
})

describe('a reader who does what it says comes through', () => {
  // Those about buckets need one: see buckets.test.ts.
  const guides = filesBelow('docs/guides', '.md').filter(
    ({ text }) => text.includes('<!-- run -->') && !/^lake: s3:/m.test(text),
  )

  it.each(guides.map(({ path }) => path))('%s', async path => {
    const project = await walkthrough()
    try {
      await project.follow(path)
    } finally {
      await project.remove()
    }
  })
})

/** Whether a file is there; `*` in its name stands for any text. */
function inLake(folder: string, path: string): boolean {
  const [start = '', end = ''] = basename(path).split('*')
  const names = readdirSync(join(folder, dirname(path)))
  return names.some(name => (path.includes('*') ? name.startsWith(start) && name.endsWith(end) : name === start))
}
