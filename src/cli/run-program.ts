import { CommanderError } from 'commander'
import { asSluiceError, EXIT_CODES, SluiceError } from '../core/errors.js'
import { SLUICE_VERSION } from '../core/version.js'
import { buildProgram } from './program.js'
import { renderError, renderErrorJson, renderTrace } from './render-error.js'
import type { Terminal } from './terminal.js'

const SHOWN: ReadonlySet<string> = new Set(['commander.helpDisplayed', 'commander.help', 'commander.version'])

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
    if (thrown instanceof CommanderError) return usageExit(thrown, args, terminal)
    return fail(asSluiceError(thrown), args, terminal, renderTrace(thrown))
  }
}

/** Help and version were printed already, also the help for a command that lacks its subcommand; the rest is wrong usage. */
function usageExit(error: CommanderError, args: readonly string[], terminal: Terminal): number {
  if (SHOWN.has(error.code)) return 0
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
