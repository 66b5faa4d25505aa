import type { AttemptEntry } from '../pipeline/ledger/list-runs.js'
import { renderSteps } from './render-steps.js'
import type { Terminal } from './terminal.js'

/** Attempts at a run that left no run record, the oldest first: what failed, in which step, when, and in which process. */
export function renderAttempts(attempts: readonly AttemptEntry[], look: Pick<Terminal, 'colors'>): string {
  return `${look.colors.bold('Attempts without a record')}\n${attempts.map(attempt => attemptText(attempt, look)).join('')}`
}

function attemptText(attempt: AttemptEntry, look: Pick<Terminal, 'colors'>): string {
  if (attempt.outcome === 'running') return `${attempt.started_at}  running\n`
  if (!('attempt_version' in attempt)) return `${attempt.started_at}  died: its process is gone\n`
  const { error, failed_step: step, steps } = attempt
  const where = `process ${attempt.process.pid} of machine ${attempt.process.machine}`
  const told =
    error === undefined
      ? `died: its process was gone at ${attempt.ended_at}; ${where}`
      : `failed at ${attempt.ended_at}${step === undefined ? '' : ` in ${step.step} ${step.detail}`}; ${where}`
  const lines = [
    `${attempt.started_at}  ${told}`,
    ...(error === undefined ? [] : [`  ${error.code}: ${error.message}`, `  next: ${error.next}`]),
  ]
  return `${lines.join('\n')}\n${steps.length === 0 ? '' : renderSteps(steps, look)}`
}
