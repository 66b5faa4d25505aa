import type { Command } from 'commander'
import { example, onProject, type Settle } from './command-parts.js'
import type { Terminal } from './terminal.js'

/** The commands that hold the lake to its evidence: captures, hashes, and what was said before. */
export function addEvidenceCommands(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('replay'))
    .description(
      'Make silver and gold again from the captures of the lake, with the contracts, pipes and models of today. Asks no provider. ' +
        'What comes out the same stays as it is.',
    )
    .option('--dataset <name...>', 'datasets of pipes (default: all that have captures)')
    .option('--select <term...>', 'pipes, named as for `run`: the datasets that they fill, each as a whole')
    .option('--from <time>', 'replace only partitions from the one on that holds this time')
    .option('--allow-dq-breach', 'publish the accepted rows although a threshold is broken')
    .option('--dry-run', 'make it again, say what would be replaced and what cannot be read, and write nothing')
    .option('--run-id <id>', 'name of the run; the same one again does nothing')
    .option('--now <time>', 'the time that the run takes for now, as 2026-11-22T12:15:00Z')
    .addHelpText('after', example('sluice replay --dry-run', 'sluice replay --dataset bars --from 2026-01-01'))
    .action(options => settle(import('./replay-command.js').then(m => m.replayCommand(options, terminal))))
  onProject(program.command('diff <before> <after>'))
    .description(
      'Say which rows differ, by key: between two states of the lake, each a snapshot id, a time or a run, or between two tables.',
    )
    .option('--table <name>', 'one table (default: all of silver and gold that differ)')
    .option('--limit <count>', 'rows that are shown of each table', '20')
    .option('--provenance', 'rows differ as well that came from another capture or by another version of the contract')
    .addHelpText(
      'after',
      example(
        'sluice diff demo-001 demo-002',
        'sluice diff 2026-11-01 2026-11-22 --table gold.risk_summary --limit 5',
        'sluice diff gold_year_end.risk_summary gold.risk_summary',
      ),
    )
    .action((before, after, options) =>
      settle(import('./diff-command.js').then(m => m.diffCommand(before, after, options, terminal))),
    )
  onProject(program.command('verify [what]'))
    .description(
      'Say whether the lake is what was written, and whether its tables are what its captures give: all of it, a run, or a table. ' +
        'Writes nothing to the lake. Exit 7 when something is damaged, 8 when tables are only not those of the contracts and models of today.',
    )
    .option('--fast', 'hashes and metadata alone')
    .option('--no-derive', 'all but deriving silver and gold again')
    .addHelpText('after', example('sluice verify', 'sluice verify silver.bars', 'sluice verify demo-001 --fast'))
    .action((what, options) =>
      settle(import('./verify-command.js').then(m => m.verifyCommand(what, options, terminal))),
    )
}
