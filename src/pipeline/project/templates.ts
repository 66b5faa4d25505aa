import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'

/** What a new project starts with. */
export interface Template {
  /** Parts of the package, which is a project itself: files, or folders with all that is in them. */
  readonly shared: readonly string[]
  /** A folder of the package whose files go before the shared ones. */
  readonly own: string | undefined
  /** By a shared file: a partition that fits the template's data better. */
  readonly partitions?: Readonly<Record<string, 'day' | 'month' | 'year'>>
  /** A query that shows something after the first run. */
  readonly query: string
  /** What a person has to do before the first run. */
  readonly before?: string
}

const SCHEMAS = ['schemas', 'contracts/data_quality_metrics.odcs.yaml', 'contracts/restatements.odcs.yaml']
const SAMPLE = [
  'sluice.yaml',
  'instruments.csv',
  'instrument_aliases.csv',
  'contracts',
  'pipes',
  // Not models/trino: a project's models are its own to change, and nothing would keep the prints current.
  'models/gold',
  'models/macros',
  'schemas',
  'tests',
]

export const TEMPLATES: Readonly<Record<string, Template>> = {
  sample: { shared: SAMPLE, own: undefined, query: 'SELECT * FROM gold.risk_summary' },
  fx: {
    shared: [
      ...SCHEMAS,
      ...['fx_rates', 'fx_daily'].map(name => `contracts/${name}.odcs.yaml`),
      'models/gold/fx_daily.sql',
      'models/macros',
    ],
    own: 'templates/fx',
    query: 'SELECT * FROM gold.fx_changes ORDER BY date DESC',
  },
  crypto: {
    shared: ['schemas', 'contracts', 'models/gold', 'models/macros', 'tests'],
    own: 'templates/crypto',
    // A price an hour and coin: hours would hold three rows each, and a year of them thousands of files.
    partitions: Object.fromEntries(
      ['market_events', 'price_bars', 'bars_daily'].map(name => [`contracts/${name}.odcs.yaml`, 'month']),
    ),
    query: 'SELECT * FROM gold.risk_summary ORDER BY date DESC',
  },
  macro: {
    shared: [
      ...SCHEMAS,
      ...['macro_observations', 'macro_daily'].map(name => `contracts/${name}.odcs.yaml`),
      'models/gold/macro_daily.sql',
      'models/macros/macro-series.sql',
    ],
    own: 'templates/macro',
    query: 'SELECT * FROM gold.macro_changes ORDER BY date DESC',
    before: 'put FRED_API_KEY into .env: https://fredaccount.stlouisfed.org/apikeys',
  },
}

/** The template of a name. Throws SLUICE_ARGUMENT_INVALID; then nothing was written. */
export function templateNamed(name: string): Template {
  const template = Object.hasOwn(TEMPLATES, name) ? TEMPLATES[name] : undefined
  if (template !== undefined) return template
  const known = Object.keys(TEMPLATES)
  const message = `There is no template "${name}".${didYouMean(name, known)} Nothing was written.`
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { known, next: `Choose one of ${known.join(', ')}.` })
}

/** The text of a contract with another partition. */
export function withPartition(contract: string, partition: string): string {
  return contract.replace(/(property: partition, value: )\w+/, `$1${partition}`)
}
