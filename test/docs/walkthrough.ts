import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runProgram } from '../../src/cli/run-program.js'
import { initProject } from '../../src/pipeline/project/init-project.js'
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

export interface WalkthroughOptions {
  /** Texts of documents, each with what it stands for on this machine, such as the address of a server. */
  readonly stands?: ReadonlyMap<string, string>
  /** Variables of the environment, for the project in that folder. */
  readonly env?: (folder: string) => Readonly<Record<string, string>>
}

export async function walkthrough({
  stands = new Map(),
  env = () => ({}),
}: WalkthroughOptions = {}): Promise<Walkthrough> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-docs-'))
  await initProject(folder)
  await cp(join(ROOT, 'test/fixtures/sample_events.json'), join(folder, 'test/fixtures/sample_events.json'))
  const sluice: Walkthrough['sluice'] = async args => {
    const terminal = fakeTerminal({ folder, env: env(folder) })
    const exit = await runProgram(args, terminal)
    return { exit, out: terminal.out(), err: terminal.err() }
  }
  return {
    folder,
    sluice,
    follow: async file => {
      let printed = ''
      for (const written of blocksOf(file)) {
        const block = { ...written, text: filled(written.text, stands) }
        if (block.mark === 'run') printed = await runLines(block, sluice)
        if (block.mark === 'prints') expectLines(block, printed)
        if (block.mark === 'file' || block.mark === 'append') await putFile(block, folder)
        if (block.mark === 'edit') await editFile(block, folder)
      }
    },
    remove: () => rm(folder, { recursive: true }),
  }
}

function filled(text: string, stands: ReadonlyMap<string, string>): string {
  return [...stands].reduce((known, [said, meant]) => known.replaceAll(said, meant), text)
}

/** Runs each line, which must end with the exit code that the mark names, or 0; gives what the last one printed. */
async function runLines(block: Block, sluice: Walkthrough['sluice']): Promise<string> {
  let printed = ''
  for (const line of block.text.split('\n').filter(text => text.trim() !== '')) {
    const args = sluiceArguments(line)
    if (args === undefined) throw new Error(`${block.file}:${block.line}: only sluice can be run: ${line}`)
    const { exit, out, err } = await sluice(args)
    if (exit !== Number(block.argument))
      throw new Error(`${block.file}:${block.line}: ${line} ended with ${exit}: ${err}${out}`)
    printed = `${out}${exit === 0 ? '' : err}`
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

/** Each line behind a `-` gives way to those behind the next `+`, wherever it stands in the file. */
async function editFile({ file, line, argument, text }: Block, folder: string): Promise<void> {
  const path = join(folder, argument)
  let body = await readFile(path, 'utf8')
  for (const [, old = '', fresh = ''] of text.matchAll(/^-(.*)\n((?:\+.*\n)+)/gm)) {
    if (!body.split('\n').includes(old)) throw new Error(`${file}:${line}: ${argument} has no line "${old}"`)
    const now = fresh
      .trimEnd()
      .split('\n')
      .map(added => added.slice(1))
    body = body
      .split('\n')
      .flatMap(own => (own === old ? now : [own]))
      .join('\n')
  }
  await writeFile(path, body)
}

async function putFile({ mark, argument, text }: Block, folder: string): Promise<void> {
  const path = join(folder, argument)
  await mkdir(dirname(path), { recursive: true })
  await (mark === 'append' ? appendFile : writeFile)(path, text)
}
