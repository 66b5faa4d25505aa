import type { Command } from 'commander'

/** Hands the exit code of an action to the program. */
export type Settle = (work: Promise<number>) => Promise<void>

/** The options of every command that works on a project and prints a result. */
export function onProject(command: Command, outputs = 'table or json'): Command {
  return inProject(command).option('--output <kind>', outputs, 'table')
}

/** The options of every command that works on a project. */
export function inProject(command: Command): Command {
  return command
    .option('--project <dir>', 'the project folder (default: the nearest sluice.yaml above this folder)')
    .option('--lake <path>', 'the lake (SLUICE__LAKE)')
    .option('--threads <count>', 'threads of the SQL engine (SLUICE__ENGINE__THREADS)')
    .option('--memory-limit <size>', 'memory of the SQL engine, as 1GB (SLUICE__ENGINE__MEMORY_LIMIT)')
}

/** Examples at the end of a help text. */
export function example(...lines: readonly string[]): string {
  return `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map(line => `  ${line}`).join('\n')}\n`
}
