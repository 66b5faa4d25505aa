import type { Contract } from '../contract/contract.js'
import { describeContract } from '../contract/describe.js'
import { bronzeShape, goldShape, quarantineShape, silverShape } from '../contract/tables.js'
import type { TableShape } from '../lake/table-shape.js'
import { currencyTables } from '../market/currency/currency-tables.js'
import { instrumentTables } from '../market/instrument/instrument-tables.js'

/** docs/data-model.md: what every layer stores, and each contract, silver before gold, by name. */
export function tablesPage(contracts: readonly Contract[]): string {
  const [silver, gold] = (['silver', 'gold'] as const).map(layer =>
    contracts.filter(contract => contract.layer === layer).sort((a, b) => (a.dataset < b.dataset ? -1 : 1)),
  ) as [Contract[], Contract[]]
  const parts = [
    '<!-- Made by scripts/generate-docs.mjs from contracts/. Change the contracts instead. -->',
    '# Data model',
    'A table is `<layer>.<dataset>`. Datasets of pipes have a table in bronze, silver and quarantine; datasets of models, and `data_quality_metrics` and `restatements`, have one in gold. The folder of a table is `data_lake/<layer>/<dataset>/contract_version=v<major>/`.',
    ...layerSections(silver[0], gold[0]),
    ...[...silver, ...gold].map(contract => describeContract(contract).trimEnd()),
    ...referenceSections(),
  ]
  return `${parts.join('\n\n')}\n`
}

/** The columns that a layer adds to, or has instead of, those of its contract. */
function layerSections(silver: Contract | undefined, gold: Contract | undefined): string[] {
  const sections: string[] = []
  if (silver !== undefined) {
    sections.push(
      '## What bronze adds',
      'Every column of the contract as text, as it came, and:',
      columnTable(bronzeShape(silver), silver),
      '## What silver adds',
      'Every column of the contract in its type, and:',
      columnTable(silverShape(silver), silver),
      '## What quarantine holds',
      'No column of the contract, because a rejected row may lack any of them:',
      columnTable(quarantineShape(silver), silver),
    )
  }
  if (gold !== undefined) {
    sections.push(
      '## What gold adds',
      'Every column of the contract in its type, and:',
      columnTable(goldShape(gold), gold),
    )
  }
  return sections
}

/** What no run writes: facts that models and queries join. */
function referenceSections(): string[] {
  const tables = [...instrumentTables({}).tables, ...currencyTables()]
  return [
    '## Reference tables',
    'Facts of the project and of Sluice itself, not tables of the lake: `instruments.csv` and its companions, and what is known of currencies. Queries and models join them as `reference.<table>`. Every other `.csv` file beside `sluice.yaml` is a reference table too, with all its columns as text.',
    ...tables.flatMap(({ name, columns }) => [
      `### reference.${name}`,
      [
        '| column | type | meaning |',
        '| --- | --- | --- |',
        ...columns.map(({ name: column, sqlType, doc }) => `| \`${column}\` | ${sqlType} | ${doc} |`),
      ].join('\n'),
    ]),
  ]
}

function columnTable(shape: TableShape, contract: Contract): string {
  const own = new Set(contract.columns.map(column => column.name))
  const rows = shape.columns
    .filter(column => !own.has(column.name))
    .map(({ name, sqlType, doc }) => `| \`${name}\` | ${sqlType} | ${doc ?? ''} |`)
  return ['| column | type | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
