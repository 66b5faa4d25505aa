/** Characters that nobody has to escape: they are looked for as they are, which keeps the search of large bodies fast. */
const PLAIN = /[A-Za-z0-9_.~-]/

const ENTITIES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }

/**
 * Finds a text however its characters are escaped, each for itself: as it is, percent-encoded (once or more, in either case), by JSON
 * in any of its ways (also JSON within JSON), as HTML entity. Escaping differs between programs and even within one address, so that
 * no list of whole forms would do. `global` finds all places. The text is latin1: other characters must come as their UTF-8 bytes.
 */
export function secretPattern(text: string, flags: '' | 'g' = ''): RegExp {
  return new RegExp([...text].map(spellings).join(''), flags)
}

function spellings(sign: string): string {
  if (PLAIN.test(sign)) return sign.replace('.', '\\.')
  const code = sign.charCodeAt(0)
  const hex = eitherCase(code.toString(16).padStart(2, '0'))
  const entity = ENTITIES[sign] === undefined ? '' : `${ENTITIES[sign]}|`
  // A backslash of its own is doubled where it is escaped; before another sign it is the escape.
  const literal = sign === '\\' ? '\\\\+' : `\\\\*\\x${code.toString(16).padStart(2, '0')}`
  // The escapes come first: a sign such as % or & would else be found alone, and the rest of its escape be left between.
  const forms = [
    `%(?:25)*${hex}`,
    `\\\\+u00${hex}`,
    `&(?:amp;)*(?:${entity}#0*${code}|#[xX]0*${hex});`,
    ...(sign === ' ' ? ['\\+'] : []),
    literal,
  ]
  return `(?:${forms.join('|')})`
}

function eitherCase(hex: string): string {
  return hex.replace(/[a-f]/g, digit => `[${digit}${digit.toUpperCase()}]`)
}
