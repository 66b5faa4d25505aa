import type { Command } from 'commander'
import { example, onProject, type Settle } from './command-parts.js'
import type { Terminal } from './terminal.js'

/** The commands that work on gold models. */
export function addModelCommands(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('derive'))
    .description(
      'Derive gold tables without taking data: what runs have left, models that are new or changed, and with --full or --from what was derived before.',
    )
    .option(
      '--select <term...>',
      'tables of models by name or pattern; +x: with what x is made of, x+: with what is made of it',
    )
    .option('--full', 'derive all of the history again; files that come out the same stay')
    .option('--from <time>', 'derive again what depends on the time from here on')
    .option('--to <time>', 'up to here (default: now)')
    .option('--as-known-at <time>', 'derive over silver as known then, and keep that beside gold')
    .option('--into <name>', 'with --as-known-at: the tables are gold_NAME.*')
    .option('--strict', 'with --as-known-at: refuse rows that count as known by a publication rule alone')
    .option('--run-id <id>', 'name of the run; the same one again does nothing')
    .option('--now <time>', 'the time that the run takes for now, as 2026-11-22T12:15:00Z')
    .addHelpText(
      'after',
      example(
        'sluice derive',
        'sluice derive --select risk_metrics+ --full',
        'sluice derive --from 2026-01-01',
        'sluice derive --as-known-at 2026-01-01 --into year_end',
      ),
    )
    .action(options => settle(import('./derive-command.js').then(m => m.deriveCommand(options, terminal))))
  onProject(program.command('models [name]'))
    .description(
      'List the models of gold tables with what they read and whether their tables are up to date, or show one.',
    )
    .addHelpText('after', example('sluice models', 'sluice models risk_summary --output json'))
    .action((name, options) =>
      settle(import('./models-command.js').then(m => m.modelsCommand(name, options, terminal))),
    )
  onProject(program.command('test [name...]'))
    .description(
      'Run the tests of models in tests/: given rows, expected rows. Names are those of tests or models. Needs no lake. Exit 5 when one fails.',
    )
    .addHelpText('after', example('sluice test', 'sluice test risk_summary --output json'))
    .action((names, options) => settle(import('./test-command.js').then(m => m.testCommand(names, options, terminal))))
}
