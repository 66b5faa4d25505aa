import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { filesBelow, type TextFile } from './repository.js'
import { nodesOf, placeOf } from './syntax.js'

const RUNNERS = new Set(['it', 'test', 'describe', 'suite'])
const SILENT = new Set(['only', 'skip', 'todo', 'fails'])
const CONDITIONAL = new Set(['skipIf', 'runIf'])

describe('tests', () => {
  it('all run: none is skipped, left out, put off or expected to fail', () => {
    expect(filesBelow('test', '.ts').flatMap(silenced)).toEqual([])
  })

  it.each([
    `it.only('works', () => {})`,
    `describe.skip('works', () => {})`,
    `test.todo('works')`,
    `it.concurrent.only('works', () => {})`,
    `it.skip.each([1])('works', () => {})`,
    `xit('works', () => {})`,
    `it.skipIf(noDisk)('works', () => {})`,
    `it('works', ({ skip }) => skip())`,
  ])('that are silenced are caught: %s', text => {
    expect(silenced({ path: 'test/x.test.ts', text }).length).toBeGreaterThan(0)
  })

  it.each([
    `it('only works', () => { list.skip(2) })`,
    `if (noDisk) console.warn('NOT TESTED: no disk')\nit.skipIf(noDisk)('works', () => {})`,
  ])('that run, or say loudly that they do not, pass: %s', text => {
    expect(silenced({ path: 'test/x.test.ts', text })).toEqual([])
  })
})

function silenced(file: TextFile): string[] {
  const nodes = nodesOf(file)
  const isLoud = nodes.some(
    node => ts.isCallExpression(node) && /^console\.(warn|error|log)$/.test(node.expression.getText()),
  )
  return nodes.filter(node => isSilencer(node, isLoud)).map(node => `${placeOf(node)} ${node.getText()}`)
}

function isSilencer(node: ts.Node, isLoud: boolean): boolean {
  if (ts.isPropertyAccessExpression(node)) {
    const name = node.name.text
    return RUNNERS.has(rootOf(node)) && (SILENT.has(name) || (CONDITIONAL.has(name) && !isLoud))
  }
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return false
  return /^(xit|xtest|xdescribe|fit|fdescribe|skip)$/.test(node.expression.text)
}

/** `it` of `it.concurrent.only`. */
function rootOf(node: ts.PropertyAccessExpression): string {
  let root: ts.Expression = node
  while (ts.isPropertyAccessExpression(root)) root = root.expression
  return root.getText()
}
