import type { Command } from 'commander'
import { example, onProject, type Settle } from './command-parts.js'
import type { Terminal } from './terminal.js'

/** The commands that hold the lake to its evidence: captures, hashes, and what was said before. */
export function addEvidenceCommands(program: Command, terminal: Terminal, settle: Settle): void {
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
