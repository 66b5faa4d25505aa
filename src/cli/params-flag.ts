import { SluiceError } from '../core/errors.js'

/** The parameters of `--param name=value`. Throws SLUICE_ARGUMENT_INVALID. */
export function paramsOf(texts: readonly string[]): Record<string, string> {
  const params: [string, string][] = texts.map(text => {
    const at = text.indexOf('=')
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--param wants name=value, not "${text}". Nothing was written.`)
  })
  return Object.fromEntries(params)
}
