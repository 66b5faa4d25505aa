import type { Contract } from '../../src/contract/contract.js'
import { FX_CONVENTIONS, NORMALIZED } from '../../src/market/currency/fx-conventions.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import type { PipeDeclaration } from '../../src/pipeline/pipes/pipe-declaration.js'
import type { Project } from '../../src/pipeline/project/project.js'

/** A contract of nothing but named text columns. */
export function contractOf(dataset: string, columns: readonly string[], layer: Contract['layer'] = 'silver'): Contract {
  return {
    id: dataset,
    dataset,
    layer,
    version: { major: 1, minor: 0, patch: 0 },
    status: 'active',
    description: '',
    columns: columns.map(name => ({
      name,
      type: { kind: 'string' },
      required: false,
      description: '',
      unit: undefined,
      renamedFrom: undefined,
      format: undefined,
      examples: [],
    })),
    primaryKey: columns.slice(0, 1),
    series: columns.slice(0, 1),
    eventTime: columns[0] ?? '',
    partition: 'day',
    merge: { policy: 'first', orderBy: undefined },
    publication: undefined,
    notFinal: undefined,
    rules: [],
    checks: [],
    thresholds: [],
    hash: '',
    file: `contracts/${dataset}.odcs.yaml`,
  }
}

export function pipesOf(...entries: readonly string[]): PipeDeclaration[] {
  const text = entries.map(entry => `  - { source: file, contract: bars, input: x.csv, ${entry} }`).join('\n')
  return parsePipes(`pipes:\n${text}\n`, 'pipes/group.yaml')
}

export function projectOf(parts: Partial<Project> = {}): Project {
  return {
    folder: '/project',
    config: {
      lake: '/project/data_lake',
      engine: { threads: 1, memoryLimit: '1GB', tempFolder: '/tmp/sluice' },
      providers: {},
      network: { allowHosts: [], userAgentContact: undefined },
      fetch: { deadlineMs: 600_000, timeoutMs: 30_000, maxBodyBytes: 256_000_000, attempts: 4 },
      fx: { conventions: FX_CONVENTIONS, normalize: NORMALIZED },
      input: { contract: undefined },
    },
    contracts: [contractOf('bars', ['instrument_id', 'close']), contractOf('risk', ['date'], 'gold')],
    pipes: [],
    models: [],
    macros: [],
    references: {},
    configHash: '',
    ...parts,
  }
}
