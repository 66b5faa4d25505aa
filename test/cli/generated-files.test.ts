import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { referencePages } from '../../src/cli/reference-pages.js'
import { ERROR_CODES } from '../../src/core/error-codes.js'
import { projectSchemas } from '../../src/pipeline/project/json-schemas.js'

describe('files made from the code', () => {
  it.each(Object.entries(referencePages()))(
    'docs/reference/%s is what scripts/generate-docs.mjs writes',
    (name, text) => {
      expect(readFileSync(`docs/reference/${name}`, 'utf8')).toBe(text)
    },
  )

  it.each(Object.entries(projectSchemas()))('schemas/%s is what scripts/generate-schemas.mjs writes', (name, text) => {
    expect(readFileSync(`schemas/${name}`, 'utf8')).toBe(text)
  })

  it('documents every error code once and no other', () => {
    const page = readFileSync('docs/reference/errors.md', 'utf8')
    const documented = [...page.matchAll(/^\| `(SLUICE_[A-Z_]+)` \|/gm)].map(match => match[1])
    expect(documented).toEqual(Object.keys(ERROR_CODES))
  })

  it('shows an example for every command', () => {
    const sections = readFileSync('docs/reference/cli.md', 'utf8').split('\n## ').slice(1)
    expect(sections.length).toBeGreaterThanOrEqual(9)
    for (const section of sections) expect(section).toMatch(/Examples?:\n {2}sluice /)
  })
})
