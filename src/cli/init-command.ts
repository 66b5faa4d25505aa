import { relative, resolve } from 'node:path'
import { type InitOutcome, initProject } from '../pipeline/project/init-project.js'
import { templateNamed } from '../pipeline/project/templates.js'
import { shellWord } from './command-text.js'
import { plural } from './figures.js'
import { wantsJson, writeJson } from './output-kind.js'
import type { Terminal } from './terminal.js'

export interface InitOptions {
  readonly template?: string
  readonly output?: string
}

/** `sluice init [DIR]`. */
export async function initCommand(
  folder: string | undefined,
  options: InitOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const { template = 'sample' } = options
  const outcome = await initProject(resolve(terminal.folder, folder ?? '.'), template)
  if (json) writeJson(terminal, outcome)
  else terminal.write(renderInit(outcome, terminal, template))
  return 0
}

/** What was made, what was kept, and the commands to go on with. */
export function renderInit(
  outcome: InitOutcome,
  { colors, folder }: Pick<Terminal, 'colors' | 'folder'>,
  template: string,
): string {
  const { before, query } = templateNamed(template)
  const shown = relative(folder, outcome.folder)
  const lines = [`${colors.green('ready')}  ${plural(outcome.written.length, 'file')} written to ${outcome.folder}`]
  if (outcome.kept.length > 0) lines.push(`kept   ${outcome.kept.join(', ')}`)
  const steps = ['npx sluice run', 'npx sluice tables', `npx sluice query "${query}"`]
  if (before !== undefined) steps.unshift(before)
  if (shown !== '') steps.unshift(`cd ${shellWord(shown)}`)
  return `${[...lines, '', colors.bold('Next'), ...steps.map(step => `  ${step}`)].join('\n')}\n`
}
