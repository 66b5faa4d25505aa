import type { Command } from 'commander'
import { example, onProject, type Settle } from './command-parts.js'
import type { Terminal } from './terminal.js'

/** The commands that look at what providers are asked and what they answered. */
export function addSourceCommands(program: Command, terminal: Terminal, settle: Settle): void {
  const pipes = program.command('pipes').description('Look at pipes, and try one.')
  pipes.addHelpText('after', example('sluice pipes', 'sluice pipes test nbp-a'))
  // What is no name of a subcommand goes to the one that lists.
  onProject(pipes.command('ls [pattern...]', { isDefault: true }))
    .description(
      'List the pipes: state, last success, next due, rows; breaker, credits and terms of their providers. `ls` may be left out.',
    )
    .addHelpText('after', example('sluice pipes', 'sluice pipes "nbp-*" tag:crypto --output json'))
    .action((patterns, options) =>
      settle(import('./pipes-command.js').then(m => m.pipesCommand(patterns, options, terminal))),
    )
  onProject(pipes.command('test <name>'))
    .description(
      'Ask once for one pipe and show what came: meaning, status, headers, body, and the first records as the contract sees them. Writes nothing.',
    )
    .option('--param <name=value...>', 'values for its parameters')
    .addHelpText('after', example('sluice pipes test nbp-a', 'sluice pipes test chart --param coin=bitcoin'))
    .action((name, options) =>
      settle(import('./pipes-command.js').then(m => m.pipesTestCommand(name, options, terminal))),
    )
  onProject(program.command('plan [pattern...]'))
    .description(
      'Say what a run would ask, what that takes, and why the other pipes ask nothing. Asks nobody. Exit 2 when credits are short.',
    )
    .option('--exclude <term...>', 'pipes to leave out, by the terms of run --select')
    .option('--param <name=value...>', 'values for the parameters of the selected pipes')
    .option('--from <time>', 'from here on, whether it was fetched or not')
    .option('--to <time>', 'up to here (default: now)')
    .option('--now <time>', 'the time that is taken for now, as 2026-11-22T12:15:00Z')
    .addHelpText('after', example('sluice plan', 'sluice plan "nbp-*" tag:crypto --from 2024-01-01 --to 2025-01-01'))
    .action((patterns, options) =>
      settle(import('./plan-command.js').then(m => m.planCommand(patterns, options, terminal))),
    )
  const captures = program.command('captures').description('Look at what providers answered, to the byte.')
  captures.addHelpText('after', example('sluice captures ls --pipe nbp-a', 'sluice captures show 3fa9 > answer.json'))
  onProject(captures.command('ls'))
    .description('List the captures, the newest first.')
    .option('--pipe <name>', 'of this pipe, or of those that fit a pattern with * and ?')
    .option('--provider <name>', 'of this provider; file and sample are two of them')
    .option('--since <time>', 'received at this time or later')
    .option(
      '--meaning <word>',
      'data, empty, rate_limited, unavailable, truncated, blocked, refused, error or mismatch',
    )
    .option('--limit <count>', 'so many at most (default: 50)')
    .addHelpText('after', example('sluice captures ls', 'sluice captures ls --provider nbp --meaning blocked'))
    .action(options => settle(import('./captures-command.js').then(m => m.capturesListCommand(options, terminal))))
  onProject(captures.command('show <id>'))
    .description(
      'Write the bytes of a capture to standard output, exactly as they came. The beginning of an id is enough.',
    )
    .option('--headers', 'what was asked, headers and hash in place of the bytes')
    .addHelpText('after', example('sluice captures show 3fa9c1', 'sluice captures show 3fa9c1 --headers'))
    .action((id, options) =>
      settle(import('./captures-command.js').then(m => m.capturesShowCommand(id, options, terminal))),
    )
}
