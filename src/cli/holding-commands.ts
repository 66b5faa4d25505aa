import type { Command } from 'commander'
import { example, onProject, type Settle } from './command-parts.js'
import type { Terminal } from './terminal.js'

/** The commands that look at what was kept back, and decide about it. */
export function addHoldingCommands(program: Command, terminal: Terminal, settle: Settle): void {
  addQuarantine(program, terminal, settle)
  addBreaker(program, terminal, settle)
}

function addQuarantine(program: Command, terminal: Terminal, settle: Settle): void {
  const quarantine = program
    .command('quarantine')
    .description('Look at rows and batches that were kept back, and decide what becomes of them.')
  quarantine.addHelpText('after', example('sluice quarantine ls', 'sluice quarantine replay --dataset market_events'))
  onProject(filtered(quarantine.command('ls')))
    .description('List batches that are held, and quarantined rows by the rules that they broke.')
    .option('--state <word>', 'rows that are waiting (default), replayed, released or discarded, or all')
    .option('--limit <count>', 'so many rows at most (default: 20)')
    .addHelpText('after', example('sluice quarantine ls', 'sluice quarantine ls --rule price_positive --pipe "nbp-*"'))
    .action(options => settle(import('./quarantine-command.js').then(m => m.quarantineListCommand(options, terminal))))
  onProject(quarantine.command('show <id>'))
    .description(
      'Show a held batch, or a quarantined record: what came, the rules that it broke, and where its bytes are.',
    )
    .addHelpText('after', example('sluice quarantine show 0a1b2c3d4e5f:7'))
    .action((id, options) =>
      settle(import('./quarantine-command.js').then(m => m.quarantineShowCommand(id, options, terminal))),
    )
  const decide = (
    name: 'replay' | 'release' | 'discard',
    description: string,
    ...examples: readonly string[]
  ): void => {
    const command = onProject(filtered(quarantine.command(`${name} [id...]`)))
      .description(description)
      .option('--all', 'whatever waits, when nothing else says what')
      .option('--by <name>', 'who decides (default: SLUICE_USER, or the user of this machine)')
      .option('--now <time>', 'the time that the run takes for now, as 2026-11-22T12:15:00Z')
    if (name === 'release')
      command.option('--state <word>', 'rows that are waiting (default), or discarded: the way back')
    if (name === 'replay') command.option('--reason <text>', 'why')
    else command.requiredOption('--reason <text>', 'why: it is kept with the data')
    command
      .addHelpText('after', example(...examples))
      .action((ids, options) =>
        settle(import('./quarantine-command.js').then(m => m.quarantineDecideCommand(name, ids, options, terminal))),
      )
  }
  decide(
    'replay',
    'Judge captures again, by the extraction and the contract of today. Asks no provider.',
    'sluice quarantine replay --rule unknown_instrument',
  )
  decide(
    'release',
    'Publish the accepted rows of held batches (--holds), or rows that broke rules (--rows): only those that have typed values. Rows that were discarded are released by their ids, or with --state discarded.',
    'sluice quarantine release 0a1b2c3d4e5f --reason "checked with the exchange"',
  )
  decide(
    'discard',
    'End the waiting of rows (--rows) or batches (--holds). Nothing leaves the lake.',
    'sluice quarantine discard --rows --rule price_positive --reason "test ticks of the venue"',
  )
}

/** The flags that say which rows and holds are meant. */
function filtered(command: Command): Command {
  return command
    .option('--dataset <name>', 'of this dataset')
    .option('--rule <id>', 'rows that broke this rule')
    .option('--pipe <name>', 'of this pipe, or of those that fit a pattern with * and ?')
    .option('--run <id>', 'brought or held by this run')
    .option('--since <time>', 'received at this time or later')
    .option('--until <time>', 'received before this time')
    .option('--rows', 'quarantined rows alone')
    .option('--holds', 'held batches alone')
}

function addBreaker(program: Command, terminal: Terminal, settle: Settle): void {
  const breaker = program.command('breaker').description('Look at the data breakers of pipes; open or close them.')
  breaker.addHelpText('after', example('sluice breaker ls', 'sluice breaker reset --pipe nbp-a'))
  onProject(aimed(breaker.command('ls')))
    .description('List the breakers of pipes whose batches failed, those that are open first.')
    .addHelpText('after', example('sluice breaker ls'))
    .action(options => settle(import('./breaker-command.js').then(m => m.breakerListCommand(options, terminal))))
  const decide = (move: 'trip' | 'reset', description: string, line: string): void => {
    const command = onProject(aimed(breaker.command(move)))
      .description(description)
      .option('--all', 'those of all pipes')
      .option('--by <name>', 'who decides (default: SLUICE_USER, or the user of this machine)')
      .option('--now <time>', 'the time that is taken for now, as 2026-11-22T12:15:00Z')
    if (move === 'trip') command.requiredOption('--reason <text>', 'why: it is kept, and told when batches are held')
    else command.option('--reason <text>', 'why')
    command
      .addHelpText('after', example(line))
      .action(options =>
        settle(import('./breaker-command.js').then(m => m.breakerDecideCommand(move, options, terminal))),
      )
  }
  decide(
    'reset',
    'Close breakers. What waits for them is looked at in the next run of their pipes.',
    'sluice breaker reset --pipe nbp-a --reason "feed is mended"',
  )
  decide(
    'trip',
    'Open breakers: what their pipes fetch is kept and landed, and nothing of it reaches silver.',
    'sluice breaker trip --pipe "coingecko-*" --reason "prices in the wrong currency"',
  )
}

function aimed(command: Command): Command {
  return command
    .option('--pipe <name>', 'of this pipe, or of those that fit a pattern with * and ?')
    .option('--dataset <name>', 'of this dataset')
}
