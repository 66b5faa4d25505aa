import type { Command } from 'commander'
import { example, onProject, type Settle } from './command-parts.js'
import type { Terminal } from './terminal.js'

/** `sluice runs` and `sluice runs show`. */
export function addRuns(program: Command, terminal: Terminal, settle: Settle): void {
  const runs = onProject(program.command('runs [id]'))
    .description('List the runs, the newest first, and attempts that left no record; or show one.')
    .option(
      '--status <status...>',
      'published, partial, held, failed, decided, nothing_due, error, died, running; a,b: both',
    )
    .option('--failed', 'what did not go through: failed, held, partial, error, died')
    .option('--pipe <name>', 'of a pipe; * and ? stand for any text')
    .option('--dataset <name>', 'of a dataset: bars, gold.risk_summary; * and ? stand for any text')
    .option('--since <time>', 'started then or later: a date (its start, UTC) or a time with its zone')
    .option('--until <time>', 'started before then')
    .option('--limit <count>', 'no more than these', '20')
    .addHelpText(
      'after',
      example(
        'sluice runs',
        'sluice runs --failed --since 2026-11-01 --limit 100',
        'sluice runs --pipe "nbp-*" --status held,error',
        'sluice runs show demo-001',
        'sluice runs demo-001 --output json',
      ),
    )
    .action((id, options) => settle(import('./runs-command.js').then(m => m.runsCommand(id, options, terminal))))
  onProject(runs.command('show <id>'))
    .description('Show a run: what came in and went out, and where the time went, step by step.')
    .addHelpText('after', example('sluice runs show demo-001'))
    // An option that both know is the parent's: it stands before `show` or after it.
    .action((id, _, command: Command) =>
      settle(import('./runs-command.js').then(m => m.runsCommand(id, command.optsWithGlobals(), terminal))),
    )
}
