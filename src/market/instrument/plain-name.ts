/** What is wrong with a name that a project gives, in words that follow it. */
export function plainNameFault(name: string): string | undefined {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) return 'is no name: lower-case letters, digits and underscores'
  return name.length <= 100 ? undefined : 'is no name: it is longer than 100 letters'
}
