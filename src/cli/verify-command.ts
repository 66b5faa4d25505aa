import { systemClock } from '../core/clock.js'
import type { Verification, VerifyLevel } from '../pipeline/verify/verification.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { progressOn } from './progress.js'
import { renderVerification } from './render-verification.js'
import type { Terminal } from './terminal.js'

export interface VerifyCommandOptions extends ProjectOptions {
  readonly fast?: boolean
  readonly derive?: boolean
}

const EXIT: Readonly<Record<Verification['verdict'], number>> = { ok: 0, damaged: 7, outdated: 8 }

/** `sluice verify [RUN|TABLE]`: 7 when something is damaged, 8 when tables are only not what contracts and models of today give. */
export async function verifyCommand(
  what: string | undefined,
  options: VerifyCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { verify } = await import('../pipeline/verify/verify.js')
  const progress = progressOn(terminal, systemClock)
  const onProgress = progress.report.bind(progress)
  const verification = await verify(project, { what, level: levelOf(options), onProgress }).finally(() =>
    progress.close(),
  )
  if (json) writeJson(terminal, verification)
  else terminal.write(renderVerification(verification, terminal))
  return EXIT[verification.verdict]
}

function levelOf({ fast, derive }: VerifyCommandOptions): VerifyLevel {
  if (fast === true) return 'files'
  return derive === false ? 'values' : 'derived'
}
