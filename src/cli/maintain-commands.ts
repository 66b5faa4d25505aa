import type { Command } from 'commander'
import { example, onProject, type Settle } from './command-parts.js'
import type { Terminal } from './terminal.js'

/** The commands that keep a lake small and quick. */
export function addMaintainCommands(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('compact [table...]'))
    .description('Join the small files of each partition. No row changes, old snapshots stay; none named: all tables.')
    .option('--dry-run', 'say what would be joined')
    .addHelpText('after', example('sluice compact --dry-run', 'sluice compact silver.market_events'))
    .action((tables, options) =>
      settle(import('./compact-command.js').then(m => m.compactCommand(tables, options, terminal))),
    )
  onProject(program.command('expire [table...]'))
    .description(
      'Forget old snapshots, and rows past the retention of their contracts. Files stay until `gc`; none named: all tables.',
    )
    .option(
      '--older-than <duration>',
      'keep younger snapshots, as P30D (default: what each table says, else P5D); captures: as the contracts say',
    )
    .option('--keep <count>', 'keep so many of the newest of each table, however old (default: what it says, else 1)')
    .option('--dry-run', 'say what would go')
    .option(
      '--captures',
      'instead: say which captures are past the retention of their contracts, with no row left on them',
    )
    .option('--yes', 'with --captures: delete them, for good')
    .addHelpText(
      'after',
      example(
        'sluice expire --older-than P30D --keep 10 --dry-run',
        'sluice expire silver.bars',
        'sluice expire --captures',
      ),
    )
    .action((tables, options) =>
      settle(import('./expire-command.js').then(m => m.expireCommand(tables, options, terminal))),
    )
  onProject(program.command('gc'))
    .description('Say which files of tables no snapshot names any more, and delete them with --yes. Captures stay.')
    .option('--older-than <duration>', 'keep what was written, or could be read, since then', 'P1D')
    .option('--dry-run', 'only say what would be deleted (the default)')
    .option('--yes', 'delete')
    .addHelpText('after', example('sluice gc', 'sluice gc --yes', 'sluice gc --older-than P7D --yes --output json'))
    .action(options => settle(import('./gc-command.js').then(m => m.gcCommand(options, terminal))))
}
