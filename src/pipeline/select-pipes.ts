import { SluiceError } from '../core/errors.js'
import { didYouMean } from '../core/nearest-name.js'
import { globTest } from './expand-input.js'
import { type PipeDeclaration, requiredParams } from './pipe-declaration.js'

/**
 * The pipes that patterns name, in declared order: a pipe's name, a pattern with `*` and `?`, `tag:x`, or a group (the
 * stem of the declaring file). Without patterns: every pipe that needs no parameter from the run.
 * A pattern that names nothing throws SLUICE_PIPE_UNKNOWN.
 */
export function selectPipes(pipes: readonly PipeDeclaration[], patterns: readonly string[]): PipeDeclaration[] {
  if (patterns.length === 0) return pipes.filter(pipe => requiredParams(pipe).length === 0)
  const selected = new Set(patterns.flatMap(pattern => pipesOf(pipes, pattern)))
  return pipes.filter(pipe => selected.has(pipe))
}

function pipesOf(pipes: readonly PipeDeclaration[], pattern: string): PipeDeclaration[] {
  const found = pipes.filter(selectorOf(pattern))
  if (found.length > 0) return found
  const known = pipes.flatMap(pipe => [pipe.name, pipe.group, ...pipe.tags.map(tag => `tag:${tag}`)])
  throw new SluiceError(
    'SLUICE_PIPE_UNKNOWN',
    `No pipe, group or tag is called "${pattern}".${didYouMean(pattern, new Set(known))} Nothing was written.`,
    { pattern },
  )
}

function selectorOf(pattern: string): (pipe: PipeDeclaration) => boolean {
  if (pattern.startsWith('tag:')) {
    const test = globTest(pattern.slice('tag:'.length))
    return pipe => pipe.tags.some(test)
  }
  const test = globTest(pattern)
  return pipe => test(pipe.name) || test(pipe.group)
}
