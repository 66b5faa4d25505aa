import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, ROOT } from '../guard/repository.js'

/** A fenced block of a document, with the HTML comment on the line before it: what a test does with the block. */
export interface Block {
  readonly file: string
  readonly line: number
  readonly language: string
  readonly text: string
  /** `run`, `prints`, `file`, `append`, `edit` or `tested`. */
  readonly mark: string | undefined
  readonly argument: string
}

/** Documents whose commands are ours to keep true. */
export function documents(): string[] {
  return ['README.md', ...filesBelow('docs/guides', '.md').map(({ path }) => path)]
}

export function blocksOf(file: string): Block[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const pattern = /(?:^<!-- (\w+)(?:: (\S+))? -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm
  return [...text.matchAll(pattern)].map(({ index, 1: mark, 2: argument = '', 3: language = '', 4: body = '' }) => ({
    file,
    line: text.slice(0, index).split('\n').length,
    language,
    text: body,
    mark,
    argument,
  }))
}

/** The words of a shell line: blanks part them, quotes keep them together, a comment ends them. */
export function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word)
  const comment = words.findIndex(word => word.startsWith('#'))
  return (comment < 0 ? words : words.slice(0, comment)).map(word => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'))
}

/** The arguments of `sluice` in a shell line, or undefined for another program's. */
export function sluiceArguments(line: string): string[] | undefined {
  const words = wordsOf(line)
  const start = words[0] === 'npx' ? 1 : 0
  return words[start] === 'sluice' ? words.slice(start + 1) : undefined
}
