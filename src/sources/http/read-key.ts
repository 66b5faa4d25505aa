import { readFile } from 'node:fs/promises'
import { SluiceError } from '../../core/errors.js'
import { Secret } from './secret.js'

/**
 * A provider's key from the environment variable `setting`, or from the file that `<setting>_FILE` names; undefined when
 * neither is set. Throws SLUICE_CONFIG_INVALID, without the value, for both at once, a file that cannot be read and a
 * text that cannot stand in a request.
 */
export async function readKey(
  setting: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Secret | undefined> {
  const [value, file] = [env[setting], env[`${setting}_FILE`]]
  if (value && file) throw invalid(`Both ${setting} and ${setting}_FILE are set: one of them would be ignored.`)
  const text = file ? await readKeyFile(file, setting) : value
  const key = text?.trim()
  if (file && !key) throw invalid(`The file ${file}, named by ${setting}_FILE, is empty.`)
  if (!key) return undefined
  if (!/^[\x21-\x7E]+$/.test(key))
    throw invalid(`The key of ${setting} holds a space or a character that is not ASCII.`)
  return new Secret(key)
}

async function readKeyFile(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw invalid(`The file ${file}, named by ${setting}_FILE, cannot be read.`, cause)
  }
}

function invalid(message: string, cause?: unknown): SluiceError {
  return new SluiceError('SLUICE_CONFIG_INVALID', `${message} Nothing was changed.`, {}, cause)
}
