import { existsSync } from 'node:fs'

/**
 * The folder of answers that providers really gave, which is no part of the repository: `SLUICE_RECORDED` names it. Undefined, and
 * said aloud, where it is not there.
 */
export function recordedFolder(): string | undefined {
  const folder = process.env['SLUICE_RECORDED']
  if (folder !== undefined && existsSync(folder)) return folder
  console.warn('RECORDED ANSWERS NOT READ: SLUICE_RECORDED does not name a folder that is there.')
  return undefined
}
