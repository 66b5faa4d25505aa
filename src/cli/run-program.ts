import { CommanderError } from 'commander'
import { asSluiceError, EXIT_CODES, SluiceError } from '../core/errors.js'
import { SLUICE_VERSION } from '../core/version.js'
import { buildProgram } from './program.js'
import { renderError, renderErrorJson, renderTrace } from './render-error.js'
import type { Terminal } from './terminal.js'

/**
 * Runs one command line (without the program's own name) and gives its exit code. Failures are printed to standard error,
 * as JSON when `--output json` was asked for. Never throws.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = buildProgram(terminal, SLUICE_VERSION)
  try {
    await program.command.parseAsync([...args], { from: 'user' })
    return program.exitCode()
  } catch (thrown) {
    if (thrown instanceof CommanderError) return usageExit(thrown, args, program.command.helpInformation(), terminal)
    return fail(asSluiceError(thrown), args, terminal, renderTrace(thrown))
  }
}

/** `sluice` alone shows the help; `--help` and `--version` were printed already; the rest is wrong usage. */
function usageExit(error: CommanderError, args: readonly string[], help: string, terminal: Terminal): number {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return 0
  if (error.code === 'commander.help') {
    if (args.length === 0) terminal.write(help)
    return args.length === 0 ? 0 : EXIT_CODES.invalid
  }
  const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ')
  return fail(new SluiceError('SLUICE_ARGUMENT_INVALID', message), args, terminal, '')
}

function fail(error: SluiceError, args: readonly string[], terminal: Terminal, trace: string): number {
  terminal.note(isJson(args) ? renderErrorJson(error) : `${renderError(error, terminal.colors)}${trace}`)
  return EXIT_CODES[error.kind]
}

function isJson(args: readonly string[]): boolean {
  return args.some((arg, at) => arg === '--output=json' || (arg === '--output' && args[at + 1] === 'json'))
}
