import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.js'
import { filesBelow } from '../guard/repository.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { blocksOf, documents, sluiceArguments, wordsOf } from './markdown.js'

const lines = documents().flatMap(file =>
  blocksOf(file)
    .filter(({ language }) => language === 'sh')
    .flatMap(block => block.text.split('\n').map(line => ({ file, line }))),
)

/** `sluice …` in running text and in the comments of examples and starter files. */
const mentions = [
  ...documents().map(file => ({ file, text: readFileSync(file, 'utf8').replace(/^```[\s\S]*?^```$/gm, '') })),
  ...[...filesBelow('examples', '.yaml'), ...filesBelow('pipes', '.yaml')].map(({ path: file, text }) => ({
    file,
    text,
  })),
].flatMap(({ file, text }) =>
  [...text.matchAll(/`((?:npx )?sluice [^`\n]+)`|: (sluice .*)$/gm)].map(([, quoted, ended]) => ({
    file,
    line: (quoted ?? ended)!,
  })),
)

describe('the command line knows', () => {
  const commands = lines.filter(({ line }) => sluiceArguments(line) !== undefined)

  it('at least the commands of the tour', () => {
    expect(commands.length).toBeGreaterThan(20)
  })

  it.each(commands)('$line in $file', async ({ line }) => {
    await expect(parsed(sluiceArguments(line)!)).resolves.toBe('known')
  })

  // A command may be named in a sentence without what it needs.
  it.each(mentions)('$line, named in $file', async ({ line }) => {
    const outcome = await parsed(sluiceArguments(line)!).catch((cause: { code?: string }) => cause.code)
    expect(['known', 'commander.missingArgument']).toContain(outcome)
  })

  it.each(['run --imput x', 'rum', 'tables a b', 'query'])('and would refuse: sluice %s', async line => {
    await expect(parsed(wordsOf(line))).rejects.toThrow()
  })
})

describe('package.json has', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  const named = lines.flatMap(({ line }) => [...line.matchAll(/npm (?:run )?(\w+)/g)].map(match => match[1]!))

  it.each([...new Set(named)].filter(name => !['ci', 'install'].includes(name)))('the script %s', name => {
    expect(scripts[name]).toBeDefined()
  })
})

/** Parses a command line as `sluice` does, without doing anything. */
async function parsed(args: readonly string[]): Promise<string> {
  const { command } = buildProgram(fakeTerminal(), '')
  let outcome = 'no command'
  for (const leaf of leaves(command)) {
    leaf.action(() => {
      outcome = 'known'
    })
  }
  await command.parseAsync([...args], { from: 'user' }).catch((cause: { code?: string }) => {
    if (cause.code !== 'commander.helpDisplayed') throw cause
    outcome = 'known'
  })
  return outcome
}

/** Commands that do something: those without others below them, and those that take arguments of their own. */
function leaves(command: Command): Command[] {
  const acts = command.commands.length === 0 || command.registeredArguments.length + command.options.length > 0
  return [...(acts ? [command] : []), ...command.commands.flatMap(leaves)]
}
