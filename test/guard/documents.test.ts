import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow, ROOT } from './repository.js'

const SECTIONS = ['Status', 'Context', 'Decision', 'Consequences', 'Alternatives']

describe('documents', () => {
  const documents = filesBelow('', '.md')

  it('link only to what is there', () => {
    const broken = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(link => (link[1] ?? '').replace(/#.*$/, ''))
        .filter(target => target !== '' && !/^[a-z]+:/.test(target))
        .filter(target => !existsSync(join(ROOT, dirname(path), decodeURI(target))))
        .map(target => `${path} → ${target}`),
    )
    expect(broken).toEqual([])
  })

  it('cite only decisions that are recorded', () => {
    const numbers = decisions().map(({ path }) => basename(path).slice(0, 4))
    const cited = [...documents, ...filesBelow('src', '.ts')].flatMap(({ path, text }) =>
      [...text.matchAll(/ADR-(\d{4})/g)].map(({ 1: number = '' }) => ({ path, number })),
    )
    expect(cited.filter(({ number }) => !numbers.includes(number))).toEqual([])
  })
})

describe('decision records', () => {
  it('are numbered from 0001 without a gap, and the index names each', () => {
    const names = decisions().map(({ path }) => basename(path))
    expect(names.map(name => Number(name.slice(0, 4)))).toEqual(names.map((_, at) => at + 1))
    const index = filesBelow('docs/adr', 'README.md')[0]?.text ?? ''
    expect(names.filter(name => !index.includes(`(${name})`))).toEqual([])
  })

  it.each(decisions().map(({ path, text }) => [basename(path), text]))(
    '%s has its five sections, on a page',
    (_, text) => {
      expect([...text.matchAll(/^## (.+)$/gm)].map(heading => heading[1])).toEqual(SECTIONS)
      expect(text.split('\n').length).toBeLessThan(80)
    },
  )
})

function decisions(): { path: string; text: string }[] {
  return filesBelow('docs/adr', '.md').filter(({ path }) => /\/\d{4}-[a-z0-9-]+\.md$/.test(path))
}
