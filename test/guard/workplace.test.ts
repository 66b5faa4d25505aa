import { expect, it } from 'vitest'
import { filesBelow } from './repository.js'

/** Texts that mean something only where this repository is written. Put together here, so that this file does not hold them. */
const FOREIGN: readonly RegExp[] = [
  ['/work', '/(main|shared|\\.library)'],
  ['shared', '/(data|reference|calendars)\\b'],
  ['DESIGN', '(\\.md|\\s+§|§)'],
  ['house', '-style\\.md'],
  ['/tmp/', 'brief'],
  ['/root', '/'],
  ['(finance|ecosystem|iceberg|peers)', '\\.md'],
  ['\\b(the|a) ', '(brief|helper session)\\b'],
].map(parts => new RegExp(parts.join('')))

const FILES = ['.ts', '.mjs', '.md', '.json', '.yaml', '.yml', '.sql', '.csv', '.py', '.sh', 'Dockerfile', 'run']

it('no file points to a place outside the repository', () => {
  const files = filesBelow('', '').filter(file => FILES.some(end => file.path.endsWith(end)))
  const found = files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => (FOREIGN.some(word => word.test(line)) ? [`${path}:${at + 1}`] : [])),
  )
  expect(found).toEqual([])
})

it('such a place is seen when there is one', () => {
  const planted = [
    ['/work', '/main/x'],
    ['see DESIGN', ' §9'],
    ['shared', '/data/x.csv'],
  ].map(parts => parts.join(''))
  expect(planted.filter(text => FOREIGN.some(word => word.test(text)))).toEqual(planted)
})
