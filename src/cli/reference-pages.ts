import type { Command } from 'commander'
import { ERROR_CODES } from '../core/error-codes.js'
import { type ErrorKind, EXIT_CODES } from '../core/errors.js'
import { listSettings, variableOf } from '../pipeline/project/env-settings.js'
import { detectorsPage } from './detectors-page.js'
import { buildProgram } from './program.js'
import type { Terminal } from './terminal.js'

/** The pages of docs/reference that are made from the code, by file name: whatever they say holds. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'errors.md': errorsPage(),
    'cli.md': cliPage(),
    'config.md': configPage(),
    'detectors.md': page('Detectors', detectorsPage()),
  }
}

const KIND_MEANING: Readonly<Record<ErrorKind, string>> = {
  internal: 'a bug in Sluice',
  invalid: 'a declaration or an argument is wrong: correct it',
  source: 'a provider or an input file is not what it should be: look at it',
  unavailable: 'network, store or disk: wait, or make room, and run again',
  contract: 'a gate failed or a change is incompatible: look at the quarantine',
  conflict: 'another writer was first: run again',
  corrupt: 'stop, run `sluice doctor`, restore or replay',
  cancelled: 'interrupted: run again',
}

function errorsPage(): string {
  const kinds = Object.keys(EXIT_CODES) as ErrorKind[]
  const kindRows = kinds.map(kind => `| \`${kind}\` | ${EXIT_CODES[kind]} | ${KIND_MEANING[kind]} |`)
  const codeRows = Object.entries(ERROR_CODES).map(
    ([code, { kind, next }]) => `| \`${code}\` | \`${kind}\` | ${cell(next)} |`,
  )
  return page('Errors', [
    'Every failure has a code that never changes its meaning, a message that says what was and was not changed, and a next step.',
    'With `--output json` it is one JSON document `{ "error": { … } }` on standard error.',
    '## Kinds and exit codes',
    ['| kind | exit | what to do |', '| --- | --- | --- |', ...kindRows].join('\n'),
    'Two results of `sluice run` are no errors and have exit codes of their own: 5 when a gate held everything back, 8 when something was published and something was held or failed. 0: all was published, or there was nothing to do.',
    '## Codes',
    ['| code | kind | next step |', '| --- | --- | --- |', ...codeRows].join('\n'),
  ])
}

function cliPage(): string {
  const commands = leafCommands(program().command)
  const sections = commands.map(
    names => `## sluice ${names.join(' ')}\n\n\`\`\`text\n${helpOf(names).trimEnd()}\n\`\`\``,
  )
  return page('Command line', [
    'Every command prints a table for people or, with `--output json`, one JSON document on standard output. Progress and errors go to standard error. `NO_COLOR` is respected, and colours and moving lines are left out where no terminal is.',
    'Exit codes: see [errors](errors.md). Settings: see [configuration](config.md).',
    ...sections,
  ])
}

function configPage(): string {
  const rows = listSettings().map(
    ({ path, description }) => `| \`${path.join('.')}\` | \`${variableOf(path)}\` | ${cell(description)} |`,
  )
  return page('Configuration', [
    'A setting is taken from the first of these that has it, key by key:',
    [
      '1. the flag of the command (`--lake`, `--threads`, `--memory-limit`, `--contract`)',
      '2. the environment (`SLUICE__ENGINE__MEMORY_LIMIT`; an empty variable counts as not set)',
      '3. the file `.env` of the project, with the same names',
      '4. `sluice.yaml`',
      '5. the default',
    ].join('\n'),
    'A key of `sluice.yaml` or a `SLUICE__` variable that is not in this table is refused, and the nearest name is given. Relative paths are relative to the project; in flags to the working folder. A variable writes a list with commas, and the dashes of a name as `_`.',
    ['| key in sluice.yaml | variable | meaning |', '| --- | --- | --- |', ...rows].join('\n'),
    'The project is the nearest folder upwards that holds a `sluice.yaml`, or the one that `--project DIR` names.',
  ])
}

function page(title: string, parts: readonly string[]): string {
  const note = '<!-- Made by scripts/generate-docs.mjs. Change the code instead. -->'
  return `${[note, `# ${title}`, ...parts].join('\n\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function program(terminal: Partial<Terminal> = {}) {
  const silent = { write: () => {}, note: () => {}, columns: 100, ...terminal } as Terminal
  return buildProgram(silent, '')
}

function helpOf(names: readonly string[]): string {
  let text = ''
  const { command } = program({
    write: part => {
      text += part
    },
  })
  const target = names.reduce((parent, name) => parent.commands.find(child => child.name() === name)!, command)
  target.outputHelp()
  return text
}

/** Commands that do something: `doctor` does as well as its `store`, and is known by an option of its own. */
function leafCommands(command: Command, path: readonly string[] = []): string[][] {
  const isGroup = command.commands.length > 0 && (path.length === 0 || command.options.length === 0)
  return [
    ...(isGroup ? [] : [[...path]]),
    ...command.commands.flatMap(child => leafCommands(child, [...path, child.name()])),
  ]
}
