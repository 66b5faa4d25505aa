import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { modeCells } from './describe-mode.js'
import { CATALOGUE } from './modes/catalogue.js'

const PAGE = 'docs/reference/what-is-caught.md'

it('the page about what is caught has every mode as it is planted', () => {
  const lines = readFileSync(PAGE, 'utf8').split('\n')
  const rows = lines.filter(line => /^\| (\d\d|R) /.test(line)).map(line => line.split(' | ').slice(0, 3).join(' | '))
  expect(rows).toEqual(CATALOGUE.map(mode => `| ${modeCells(mode).join(' | ')}`))
})
