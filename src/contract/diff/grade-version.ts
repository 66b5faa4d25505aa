import type { ContractVersion } from '../contract.js'
import type { Grade } from './change.js'

/**
 * Whether a version number says what changed. `raise`: it says less than the change, which breaks readers. `advised`: it says less, and nobody breaks.
 * `lowered`: it is below the older one.
 */
export interface VersionVerdict {
  readonly verdict: 'ok' | 'advised' | 'raise' | 'lowered'
  /** The smallest version that says it; the given one when that is enough. */
  readonly expected: ContractVersion
}

/** A breaking change needs a new major, a compatible one a new minor; mere words need no more than a patch, if that. */
export function gradeVersion(before: ContractVersion, after: ContractVersion, grade: Grade): VersionVerdict {
  const least = leastVersion(before, grade)
  if (compareVersions(after, before) < 0) return { verdict: 'lowered', expected: least }
  if (compareVersions(after, least) >= 0) return { verdict: 'ok', expected: after }
  return { verdict: grade === 'breaking' ? 'raise' : 'advised', expected: least }
}

/** Negative when the first is the smaller. */
export function compareVersions(one: ContractVersion, other: ContractVersion): number {
  return one.major - other.major || one.minor - other.minor || one.patch - other.patch
}

function leastVersion({ major, minor, patch }: ContractVersion, grade: Grade): ContractVersion {
  if (grade === 'breaking') return { major: major + 1, minor: 0, patch: 0 }
  return grade === 'compatible' ? { major, minor: minor + 1, patch: 0 } : { major, minor, patch }
}
