#!/usr/bin/env node
import { EXIT_CODES } from '../core/errors.js'
import { runProgram } from './run-program.js'
import { processTerminal } from './terminal.js'

const terminal = processTerminal()

// A reader that has seen enough (`sluice query … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : EXIT_CODES.unavailable)
})

// Commits are atomic and finished work is found again, so an interrupt needs no clean-up before the exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    terminal.note('\nerror SLUICE_CANCELLED: interrupted. Nothing was published by halves.\n')
    terminal.note('next: Run the same command again: finished work is not repeated.\n')
    process.exit(EXIT_CODES.cancelled)
  })
}

process.exitCode = await runProgram(process.argv.slice(2), terminal)
