import type { DatasetRecord, FindingRecord, PipeRecord, RunRecord } from '../pipeline/record/run-record.js'
import { countText } from './figures.js'
import type { Colors } from './terminal.js'

/** So many pipes are told of at most, those that fail and those that only warn each by themselves. */
const MOST_PIPES = 20

/**
 * What the gates said, a line for each broken limit: each failing pipe by itself, then what only the rows of all pipes together broke. A
 * limit that a pipe is told to have broken is not told again for its dataset, whose figures hold those of the other pipes too.
 */
export function gateLines({ pipes, datasets }: Pick<RunRecord, 'pipes' | 'datasets'>, colors: Colors): string[] {
  const allowed = new Set(datasets.filter(dataset => dataset.breach_allowed).map(({ dataset }) => dataset))
  const line = (dataset: string, subject: string, finding: FindingRecord): string => {
    const failed = finding.severity !== 'warn'
    const mark = failed ? colors.red('fail') : colors.yellow('warn')
    return `${mark}  ${subject}: ${finding.text}${failed ? passedText(finding, allowed.has(dataset)) : ''}`
  }
  const ofPipes = (which: readonly PipeRecord[]): string[] => [
    ...which
      .slice(0, MOST_PIPES)
      .flatMap(({ pipe, dataset, findings = [] }) =>
        findings.map(finding => line(dataset, `${dataset} from ${pipe}`, finding)),
      ),
    ...more(which),
  ]
  const failing = pipes.filter(({ verdict }) => verdict === 'fail')
  const warning = pipes.filter(({ verdict }) => verdict === 'warn')
  return [
    ...ofPipes(failing),
    ...datasets.flatMap(dataset =>
      ownFindings(dataset, pipes).map(finding => line(dataset.dataset, dataset.dataset, finding)),
    ),
    ...ofPipes(warning),
  ]
}

function passedText({ released_by: by }: FindingRecord, isAllowed: boolean): string {
  if (by !== undefined) return `  (released by ${by})`
  return isAllowed ? '  (published: --allow-dq-breach)' : ''
}

function ownFindings({ dataset, findings }: DatasetRecord, pipes: readonly PipeRecord[]): FindingRecord[] {
  const own = pipes.filter(pipe => pipe.dataset === dataset)
  const told = new Set(own.flatMap(pipe => pipe.findings ?? []).map(({ rule }) => rule))
  return findings.filter(({ rule }) => !told.has(rule))
}

function more(which: readonly PipeRecord[]): string[] {
  const left = which.length - MOST_PIPES
  if (left <= 0) return []
  return [`… and ${countText(left)} more ${left === 1 ? 'pipe' : 'pipes'} (--output json has all)`]
}
