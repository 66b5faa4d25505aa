/** A text in which control characters cannot move the cursor or break the line. */
export function oneLine(text: string, width?: number): string {
  const safe = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, char => {
    if (char === '\n') return '\\n'
    if (char === '\t') return '\\t'
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return width !== undefined && safe.length > width ? `${safe.slice(0, width - 1)}…` : safe
}
