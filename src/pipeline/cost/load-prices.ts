import { join, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.js'
import { parseYaml } from '../../core/yaml-document.js'
import type { Machine } from '../../finops/price-usage.js'
import { type PriceList, priceListSchema } from '../../finops/prices.js'
import { PACKAGE_FOLDER } from '../package-folder.js'
import type { Project } from '../project/project.js'
import { readOptional } from '../project/read-text.js'

/** The list that holds where a project names none. */
const OWN_LIST = 'prices/aws-us-east-1-2026-11-29.json'

const DEFAULT_MACHINE: Machine = { architecture: 'arm', memoryGb: '1' }

/** What usage is priced by. */
export interface Pricing {
  /** As a person wrote it, or the list of the package. */
  readonly file: string
  readonly list: PriceList
  readonly machine: Machine
}

/**
 * The project's own price list, else the one of the package. Throws SLUICE_PRICES_INVALID with the place of the fault: a price that is
 * missing, negative or a number with an exponent, or a list in another currency than the budget.
 */
export async function loadPricing({ folder, config }: Pick<Project, 'folder' | 'config'>): Promise<Pricing> {
  const { prices, budget, ...own } = config.cost ?? {}
  const file = prices ?? OWN_LIST
  const text = await readOptional(prices === undefined ? join(PACKAGE_FOLDER, file) : resolve(folder, prices))
  if (text === undefined)
    throw new SluiceError('SLUICE_PRICES_INVALID', `There is no file ${file}, which cost.prices names.`, {
      place: { file: 'sluice.yaml' },
    })
  const { value: list, document } = parseYaml(text, file, priceListSchema, 'SLUICE_PRICES_INVALID')
  if (budget !== undefined && budget.currency !== list.currency) {
    const message = `The budget is in ${budget.currency}, and the prices of ${file} are in ${list.currency}. Nothing was changed.`
    throw new SluiceError('SLUICE_PRICES_INVALID', message, { place: document.place(['currency']) })
  }
  return { file, list, machine: { ...DEFAULT_MACHINE, ...own } }
}
