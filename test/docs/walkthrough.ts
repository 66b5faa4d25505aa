import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runProgram } from '../../src/cli/run-program.js'
import { initProject } from '../../src/pipeline/init-project.js'
import { ROOT } from '../guard/repository.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { type Block, blocksOf, sluiceArguments } from './markdown.js'

/** A copy of the checkout as a project: what its documents tell readers to do is done here. */
export interface Walkthrough {
  readonly folder: string
  sluice(args: readonly string[]): Promise<{ exit: number; out: string; err: string }>
  /** Does what the marked blocks of a document say, in order. Throws at the first that does not hold. */
  follow(file: string): Promise<void>
  remove(): Promise<void>
}

export async function walkthrough(): Promise<Walkthrough> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-docs-'))
  await initProject(folder)
  await cp(join(ROOT, 'test/fixtures/sample_events.json'), join(folder, 'test/fixtures/sample_events.json'))
  const sluice: Walkthrough['sluice'] = async args => {
    const terminal = fakeTerminal({ folder })
    const exit = await runProgram(args, terminal)
    return { exit, out: terminal.out(), err: terminal.err() }
  }
  return {
    folder,
    sluice,
    follow: async file => {
      let printed = ''
      for (const block of blocksOf(file)) {
        if (block.mark === 'run') printed = await runLines(block, sluice)
        if (block.mark === 'prints') expectLines(block, printed)
        if (block.mark === 'file' || block.mark === 'append') await putFile(block, folder)
      }
    },
    remove: () => rm(folder, { recursive: true }),
  }
}

/** Runs each line, which ends with the exit code that the mark names, or 0; gives what the last one printed. */
async function runLines(block: Block, sluice: Walkthrough['sluice']): Promise<string> {
  let printed = ''
  for (const line of block.text.split('\n').filter(text => text.trim() !== '')) {
    const args = sluiceArguments(line)
    if (args === undefined) throw new Error(`${block.file}:${block.line}: only sluice can be run: ${line}`)
    const { exit, out, err } = await sluice(args)
    if (exit !== Number(block.argument || 0))
      throw new Error(`${block.file}:${block.line}: ${line} ended with ${exit}: ${err}${out}`)
    printed = out
  }
  return printed
}

/** Each line of the block must have been printed, blanks apart. */
function expectLines(block: Block, printed: string): void {
  const plain = (text: string): string => text.trim().replace(/\s+/g, ' ')
  const found = printed.split('\n').map(plain)
  for (const line of block.text.split('\n').map(plain)) {
    if (!found.includes(line))
      throw new Error(`${block.file}:${block.line}: "${line}" was not printed, but:\n${printed}`)
  }
}

async function putFile({ mark, argument, text }: Block, folder: string): Promise<void> {
  const path = join(folder, argument)
  await mkdir(dirname(path), { recursive: true })
  await (mark === 'append' ? appendFile : writeFile)(path, text)
}
