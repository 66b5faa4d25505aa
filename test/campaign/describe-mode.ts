import type { Mode, Must } from './mode.js'

/** What a mode plants and what has to become of it, as the first cells of a line in Markdown. */
export function modeCells({ id, does, must }: Mode): readonly string[] {
  return [id, does, fateOf(must)]
}

function fateOf(must: Must): string {
  switch (must.kind) {
    case 'quarantine':
      return `quarantined: ${listed(must.rules)}`
    case 'flag':
      return `counted: ${listed(must.rules)}${must.holds ? '; may be held' : ''}`
    case 'refuse':
      return `answer refused (${must.meanings.join(', ')}) and asked for again`
    case 'same':
      return 'read as it is meant'
    case 'pass':
      return 'real: passes as it was said'
    case 'restate':
      return `booked as ${must.kinds.join(', ')}; silver keeps its merge policy`
    case 'uncovered':
      return `not covered: ${must.why}`
  }
}

function listed(rules: readonly string[]): string {
  return rules.map(rule => `\`${rule}\``).join(', ')
}
