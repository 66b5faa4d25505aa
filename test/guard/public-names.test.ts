import { expect, it } from 'vitest'
import { filesBelow } from './repository.js'
import { exportsOf } from './syntax.js'

/** What `import … from 'sluice'` gives. A name that goes, or changes its meaning, is a breaking change: say so in CHANGELOG.md. */
const PUBLIC = [
  'BreakerFilter',
  'BreakerRecord',
  'BreakerSummary',
  'BreakersDecided',
  'DecisionOutcome',
  'Hold',
  'LakeBreakers',
  'LakeQuarantine',
  'QualityFigure',
  'QualityOptions',
  'QualityReport',
  'QuarantineFilter',
  'QuarantineList',
  'QuarantinedRow',
  'DecisionReason',
  'ShownQuarantine',
  'QuarantineChoice',
  'BreakerChoice',
  'Calendar',
  'Clock',
  'Config',
  'Contract',
  'Currency',
  'Deps',
  'DeriveOptions',
  'ERROR_CODES',
  'EXIT_CODES',
  'ErrorCode',
  'ErrorKind',
  'Finding',
  'Ids',
  'LineageOptions',
  'LineageReport',
  'LoadOptions',
  'Model',
  'ModelSummary',
  'OpenLake',
  'PipeDeclaration',
  'PipeInput',
  'PipeRecord',
  'Progress',
  'Project',
  'QueryOptions',
  'QueryResult',
  'Redenomination',
  'RunOptions',
  'RunRecord',
  'RunStatus',
  'Session',
  'SluiceError',
  'TableDescription',
  'TableRecord',
  'TableSummary',
  'TestOutcome',
  'calendar',
  'currencyOn',
  'definePipe',
  'fixedClock',
  'loadProject',
  'openLake',
  'query',
  'redenominationChain',
  'run',
  'seededIds',
]

it('the library has the names that it promises, and no others', () => {
  const entry = filesBelow('src', 'index.ts').find(file => file.path === 'src/index.ts')!
  expect(exportsOf(entry).toSorted(byName)).toEqual(PUBLIC.toSorted(byName))
})

function byName(a: string, b: string): number {
  return a < b ? -1 : 1
}
