/** A step into a JSON value: the name of a field, a place in a list, or `*` for all of either. */
type Step = string | number | typeof ALL

const ALL = Symbol('*')
const STEP = /\.([A-Za-z_][\w-]*)|\."([^"\\]+)"|\[(\d+)\]|(\.\*|\[\*\])/y

/** Whether a text is a JSON path: `$` and steps such as `.name`, `."two words"`, `[0]`, `[*]`, `.*`. */
export function isJsonPath(path: string): boolean {
  return stepsOf(path) !== undefined
}

/**
 * The values that a path leads to, in the order of the document; none where it leads nowhere. Throws RangeError for what is no path.
 */
export function valuesAt(document: unknown, path: string): unknown[] {
  const steps = stepsOf(path)
  if (steps === undefined) throw new RangeError(`${path} is no JSON path`)
  return steps.reduce<unknown[]>((values, step) => values.flatMap(value => into(value, step)), [document])
}

/** How many records there are: a list at the path is its elements, anything else but null is one. */
export function countRecords(document: unknown, path: string): number {
  const values = valuesAt(document, path.replace(/\[\*\]$/, ''))
  return values.reduce<number>(
    (count, value) => count + (Array.isArray(value) ? value.length : Number(value !== null)),
    0,
  )
}

/** Whether the list at a path, or for `.*` the object, is there and empty. With `orNothing` also when nothing is there but null. */
export function isEmptyAt(document: unknown, path: string, orNothing: boolean): boolean {
  if (orNothing) return countRecords(document, path) === 0
  const values = valuesAt(document, path.replace(/\[\*\]$|\.\*$/, ''))
  const isEmpty = (value: unknown): boolean =>
    path.endsWith('.*')
      ? typeof value === 'object' && value !== null && Object.keys(value).length === 0
      : Array.isArray(value) && value.length === 0
  return values.length > 0 && values.every(isEmpty)
}

/** A name as a step of a path. */
export function fieldPath(name: string): string {
  return `."${name}"`
}

function stepsOf(path: string): Step[] | undefined {
  if (!path.startsWith('$')) return undefined
  const steps: Step[] = []
  STEP.lastIndex = 1
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path)
    if (match === null) return undefined
    const [, plain, quoted, index] = match
    steps.push(plain ?? quoted ?? (index === undefined ? ALL : Number(index)))
  }
  STEP.lastIndex = 0
  return steps
}

function into(value: unknown, step: Step): unknown[] {
  if (value === null || typeof value !== 'object') return []
  if (step === ALL) return Object.values(value)
  if (typeof step === 'number' && !Array.isArray(value)) return []
  return Object.hasOwn(value, step) ? [(value as Record<string | number, unknown>)[step]] : []
}
