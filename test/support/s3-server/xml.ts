import type { Answer } from './answer.js'

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
}

export function element(name: string, text: string | number | boolean): string {
  return `<${name}>${String(text).replace(/[&<>"\r]/g, found => ESCAPES[found]!)}</${name}>`
}

export function xmlAnswer(body: string, status = 200): Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${body}`
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) }
}

/** The texts of all elements of a name in a document that has no element of that name inside another. */
export function textsOf(document: string, name: string): string[] {
  const found = document.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))
  return [...found].map(match => unescaped(match[1]!))
}

function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return named[name!] ?? whole
  })
}
