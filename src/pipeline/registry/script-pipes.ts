import { createJiti } from 'jiti'
import { SluiceError } from '../../core/errors.js'
import { withinTime } from '../../core/wait.js'
import { calendar } from '../../market/calendar/calendar.js'
import { definedAt, definePipe, lineInStack } from '../pipes/define-pipe.js'
import type { PipeFile } from './pipe-file.js'

/** What `import … from 'sluice'` gives in a file of pipes, also where the project has no copy of the package. */
const SLUICE = { definePipe, calendar, SluiceError }

/**
 * Runs a TypeScript or JavaScript file and takes its default export, one pipe or a list, for the entries. Read anew each time.
 * `path` is absolute, `file` what messages call it. Throws SLUICE_PIPE_INVALID, with the line where it is known.
 */
export async function loadScript(path: string, file: string): Promise<PipeFile> {
  const exported = await evaluate(path, file)
  const entries = Array.isArray(exported) ? exported : [exported]
  const wrong = entries.find(entry => typeof entry !== 'object' || entry === null)
  if (entries.length === 0 || wrong !== undefined || exported === undefined) {
    const message = `${file} exports no pipes: it needs \`export default [definePipe({ … })]\`.`
    throw new SluiceError('SLUICE_PIPE_INVALID', message, { place: { file } })
  }
  const start = (at: number) => ({ file, line: definedAt(entries[at], path) ?? 1, column: 1 })
  return { file, entries, place: start, textPlace: at => ({ ...start(at), step: 'folded' }) }
}

/** Without it a file that waits for ever ends the process, and says nothing. */
const LOADING_MS = 30_000

function timeUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`it is not done after ${LOADING_MS / 1000} s`)), {
      once: true,
    })
  })
}

async function evaluate(path: string, file: string): Promise<unknown> {
  // Nothing of a file that may have changed, or that others may write to, is kept.
  const options = { fsCache: false, moduleCache: false, sourceMaps: false, interopDefault: false }
  const jiti = createJiti(path, { ...options, virtualModules: { sluice: SLUICE } })
  try {
    return (
      await withinTime(LOADING_MS, undefined, signal =>
        Promise.race([jiti.import<{ default?: unknown }>(path), timeUp(signal)]),
      )
    ).default
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const line = lineInStack(`${error.message}\n${error.stack ?? ''}`, path) ?? 1
    const reason = error.message.split('\n')[0]?.replaceAll(path, file)
    throw new SluiceError('SLUICE_PIPE_INVALID', `${file} cannot be run: ${reason}`, { place: { file, line } }, thrown)
  }
}
