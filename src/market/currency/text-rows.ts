/** The lines of a data text, each cut at blanks into `words` words and the rest of the line. */
export function textRows(text: string, words: number): string[][] {
  return text
    .trim()
    .split('\n')
    .map(line => {
      const parts = line.split(' ')
      return [...parts.slice(0, words), parts.slice(words).join(' ')]
    })
}
