import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow } from './repository.js'
import { exportsOf } from './syntax.js'

/** Words that say nothing about what a thing is. */
const BANNED = new Set(['util', 'helper', 'manager', 'handler', 'processor', 'common', 'misc', 'data', 'info'])

/** Two words that the field always says together: Iceberg's data files, ODCS's data quality, data contracts. */
const TERMS = /\bdata (files?|quality|contracts?)\b/g

describe('names', () => {
  const source = filesBelow('src', '.ts')

  it('of files are kebab-case and say what is in them', () => {
    const files = [...source, ...filesBelow('test', '.ts')].map(({ path }) => basename(path, '.ts'))
    expect(files.filter(name => !/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(name) || emptyWords(name).length > 0)).toEqual([])
  })

  it('of exports say what they are', () => {
    const empty = source.flatMap(file =>
      exportsOf(file)
        .filter(name => emptyWords(name).length > 0)
        .map(name => `${file.path}: ${name}`),
    )
    expect(empty).toEqual([])
  })

  it('are listed one by one: no `export *`, no default export', () => {
    const open = source.filter(file => exportsOf(file).some(name => name === '*' || name === 'default'))
    expect(open.map(({ path }) => path)).toEqual([])
  })

  it.each(['string-utils', 'RunHelper', 'dataOf', 'LAKE_INFO', 'errorHandler', 'runData', 'miscStuff'])(
    'with an empty word are caught: %s',
    name => {
      expect(emptyWords(name)).toHaveLength(1)
    },
  )

  it.each(['DataFile', 'dataFiles', 'data-file-row', 'TableMetadata', 'METADATA', 'information', 'handled'])(
    'of the field pass: %s',
    name => {
      expect(emptyWords(name)).toEqual([])
    },
  )
})

/** The banned words of a name in kebab-case, camelCase, PascalCase or SCREAMING_CASE; a plural counts as its word. */
function emptyWords(name: string): string[] {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .replace(TERMS, '')
  return words.split(' ').filter(word => BANNED.has(word) || BANNED.has(word.replace(/s$/, '')))
}
