import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { filesBelow, type TextFile } from './repository.js'
import { nodesOf, placeOf } from './syntax.js'

/** What the world knows and a repeated run would not: core/ wraps it once, everyone else is handed it. */
const AMBIENT: Readonly<Record<string, string>> = {
  'Date.now': 'take a Clock',
  'Math.random': 'take Ids, or a seed',
  'performance.now': 'take a Clock',
  'process.hrtime': 'take a Clock',
  randomUUID: 'take Ids',
  randomBytes: 'take Ids',
  setTimeout: 'take a Clock',
  setInterval: 'take a Clock',
}

describe('ambient time and chance', () => {
  it('stay in src/core', () => {
    expect(
      filesBelow('src', '.ts')
        .filter(file => !file.path.startsWith('src/core/'))
        .flatMap(ambientUses),
    ).toEqual([])
  })

  it.each([
    'const t = Date.now()',
    'const now = Date.now',
    'const t = new Date()',
    'const t = Date()',
    'const x = Math.random()',
    `import { randomUUID } from 'node:crypto'`,
    'const id = crypto.randomUUID()',
    'setTimeout(() => {}, 5)',
    'globalThis.setTimeout(() => {}, 5)',
    'const t = performance.now()',
  ])('are caught in `%s`', text => {
    expect(ambientUses({ path: 'src/lake/x.ts', text }).length).toBeGreaterThan(0)
  })

  it.each([
    'const text = new Date(ms).toISOString()',
    'const at = Date.parse(text)',
    'const largest = Math.max(1, 2)',
    `const sql = 'SELECT random(), setTimeout'`,
    '// Date.now() is not called here',
    'const schedule = { timeoutMs: 5 }',
  ])('are not seen in `%s`', text => {
    expect(ambientUses({ path: 'src/lake/x.ts', text })).toEqual([])
  })
})

function ambientUses(file: TextFile): string[] {
  return nodesOf(file).flatMap(node => {
    const name = ambientName(node)
    return name === undefined ? [] : [`${placeOf(node)} uses ${name}: ${AMBIENT[name] ?? 'take a Clock'}`]
  })
}

function ambientName(node: ts.Node): string | undefined {
  if (isDateOfNow(node)) return 'new Date()'
  if (!ts.isIdentifier(node)) return undefined
  const { parent } = node
  const owner = ts.isPropertyAccessExpression(parent) && parent.name === node ? parent.expression : undefined
  const full = owner !== undefined && ts.isIdentifier(owner) ? `${owner.text}.${node.text}` : node.text
  return [full, node.text].find(name => Object.hasOwn(AMBIENT, name))
}

/** `new Date()` and `Date()` read the clock; `new Date(ms)` does not. */
function isDateOfNow(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return false
  if (!ts.isIdentifier(node.expression) || node.expression.text !== 'Date') return false
  return ts.isCallExpression(node) || (node.arguments?.length ?? 0) === 0
}
