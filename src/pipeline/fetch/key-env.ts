import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { readOptional } from '../project/read-text.js'
import type { Env } from './asking-pipes.js'

/** Where keys of providers are looked for: the environment, and for what it does not set, the project's `.env`. */
export async function keyEnv(folder: string, env: Env): Promise<Env> {
  const text = await readOptional(join(folder, '.env'))
  if (text === undefined) return env
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value !== '')
  const merged: Record<string, string | undefined> = { ...(parseEnv(text) as Record<string, string>) }
  // A key and the file of a key are one setting in two forms: the environment's form wins, whichever it is.
  for (const [name] of set) delete merged[name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : `${name}_FILE`]
  return { ...merged, ...Object.fromEntries(set) }
}
