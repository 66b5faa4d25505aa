import type { Contract, ContractVersion } from '../contract.js'
import type { ParseSql } from '../sql-guard.js'
import { type ContractChange, type Grade, worstGrade } from './change.js'
import { sqlComparison } from './compare-sql.js'
import { diffColumns, renamesOf } from './diff-columns.js'
import { diffTerms } from './diff-terms.js'
import { diffTests } from './diff-tests.js'
import { gradeVersion, type VersionVerdict } from './grade-version.js'

/** Everything in which a newer contract differs from an older one, and what that means for readers. */
export interface ContractDiff {
  readonly dataset: string
  readonly before: ContractVersion
  readonly after: ContractVersion
  /** The worst of the changes. */
  readonly grade: Grade
  readonly version: VersionVerdict
  /** Breaking ones first. */
  readonly changes: readonly ContractChange[]
}

/**
 * Grades every difference. One measure for all: who wrote for the old contract must come through with rows of the new one, and the table
 * must hold both. More promised is compatible, less is breaking; what cannot be told is shown and counts as breaking.
 */
export async function diffContracts(before: Contract, after: Contract, parse: ParseSql): Promise<ContractDiff> {
  const renames = renamesOf(before, after)
  const sql = sqlComparison(parse, renames)
  const changes = [
    ...diffColumns(before, after, renames),
    ...(await diffTerms(before, after, renames, sql)),
    ...(await diffTests(before, after, renames, sql)),
  ]
  const grade = worstGrade(changes.map(change => change.grade))
  return {
    dataset: after.dataset,
    before: before.version,
    after: after.version,
    grade,
    version: gradeVersion(before.version, after.version, grade),
    changes: ORDER.flatMap(wanted => changes.filter(change => change.grade === wanted)),
  }
}

const ORDER: readonly Grade[] = ['breaking', 'compatible', 'none']
