import type { Contract } from '../contract/contract.js'
import type { ContractChange } from '../contract/diff/change.js'
import type { ContractDiff } from '../contract/diff/diff-contracts.js'
import { plainVersion } from '../contract/tables.js'
import { plural } from './figures.js'
import { oneLine } from './one-line.js'
import type { Terminal } from './terminal.js'

/** `source` says what is beside the contract; `diff` is undefined where there is nothing beside it. */
export interface DiffEntry {
  readonly contract: Contract
  readonly source: string
  readonly diff: ContractDiff | undefined
}

type Look = Pick<Terminal, 'colors'>

/** One contract beside another: each change with its grade and reason, then what the version should be. */
export function renderDiff({ contract, source, diff }: DiffEntry, look: Look): string {
  const head = look.colors.bold(contract.dataset)
  const version = plainVersion(contract.version)
  if (diff === undefined) return `${head}  ${version}: ${source} has no table of it\n`
  const lines = [
    `${head}  ${plainVersion(diff.before)} (${source}) to ${version}: ${summary(diff)}`,
    ...diff.changes.flatMap(change => changeLines(change, look)),
    ...versionLines(diff, look),
  ]
  return `${lines.join('\n')}\n`
}

function summary({ grade, changes }: ContractDiff): string {
  if (changes.length === 0) return 'no change'
  const words = { none: 'no change for readers', compatible: 'compatible', breaking: 'breaking' }
  return `${plural(changes.length, 'change')}, ${words[grade]}`
}

function changeLines({ subject, grade, before, after, reason }: ContractChange, { colors }: Look): string[] {
  const marks = {
    breaking: colors.red('breaking  '),
    compatible: colors.green('compatible'),
    none: colors.dim('none      '),
  }
  const values = before === undefined ? [] : [`  was ${quoted(before)}`]
  const now = after === undefined ? [] : [`  is  ${quoted(after)}`]
  return [`${marks[grade]}  ${subject}: ${oneLine(reason)}`, ...[...values, ...now].map(line => `          ${line}`)]
}

function quoted(text: string): string {
  return oneLine(text, 100)
}

function versionLines({ before, after, version }: ContractDiff, { colors }: Look): string[] {
  const expected = plainVersion(version.expected)
  switch (version.verdict) {
    case 'ok':
      return []
    case 'advised':
      return [colors.yellow(`version: ${plainVersion(after)} says less than what changed; it should be ${expected}`)]
    case 'raise':
      return [
        colors.red(
          `version: a breaking change needs a new major; it should be ${expected}, not ${plainVersion(after)}`,
        ),
      ]
    case 'lowered':
      return [
        colors.red(
          `version: went back from ${plainVersion(before)} to ${plainVersion(after)}; it should be ${expected} or higher`,
        ),
      ]
  }
}
