import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { ROOT } from '../guard/repository.js'

/** A service of compose.yaml, as far as tests look at it. */
export interface ComposeService {
  readonly image?: string
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** The services of compose.yaml by their names. `${NAME:-text}` stands for the text, other variables for the given one. */
export function composeServices(secret: string): Readonly<Record<string, ComposeService>> {
  const text = readFileSync(join(ROOT, 'compose.yaml'), 'utf8')
  const filled = text.replace(/\$\{[A-Z_]+(?::-([^}]*)|:\?[^}]*)?\}/g, (_, standing?: string) => standing ?? secret)
  return (load(filled) as { services: Record<string, ComposeService> }).services
}
