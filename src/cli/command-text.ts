/** A word as a POSIX shell takes it, quoted only where it must be. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** A Sluice command to copy: with `--project`, when the one that suggests it had it. */
export function commandText(words: readonly string[], project: string | undefined): string {
  const flag = project === undefined ? [] : ['--project', project]
  return ['npx sluice', ...[...words, ...flag].map(sqlOrWord)].join(' ')
}

/** SQL reads better in double quotes, as long as the shell leaves it alone there. */
function sqlOrWord(text: string): string {
  return /[\s*]/.test(text) && !/["$`\\!]/.test(text) ? `"${text}"` : shellWord(text)
}
