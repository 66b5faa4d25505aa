import { SluiceError } from '../core/errors.js'
import { explainGap } from '../market/currency/rate-gap.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import type { Terminal } from './terminal.js'

export interface FxOptions extends ProjectOptions {
  readonly on?: string
  readonly convention: string
}

/** `sluice fx AMOUNT FROM TO`. */
export async function fxCommand(
  [amount, from, to]: readonly [string, string, string],
  options: FxOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { convertCurrency } = await import('../pipeline/read/convert-currency.js')
  const { systemClock } = await import('../core/clock.js')
  const on = options.on ?? new Date(systemClock.now()).toISOString().slice(0, 10)
  const asked = { amount, from, to, on, convention: options.convention }
  const result = await convertCurrency(project, asked)
  if (result.outcome === 'no_rate') {
    const told = result.lacking.map(gap => explainGap(gap, { source: result.source, on }))
    const none = `${result.source} has no rate between ${from} and ${to} that counts for ${result.day}.`
    const instead = [...new Set(told.flatMap(({ next }) => next ?? []))].join(' ')
    const next =
      instead === '' ? 'Fetch the rates of that day with `sluice run`, or ask by another --convention.' : instead
    throw new SluiceError('SLUICE_RATE_UNKNOWN', [none, ...told.map(({ why }) => why)].join(' '), { ...asked, next })
  }
  const { outcome: _, ...converted } = result
  if (json) {
    writeJson(terminal, converted)
    return 0
  }
  const { rate, path, source, rate_date: day, age_days: age, fixing_no: table } = converted
  const isRounded = decimalsOf(converted.unrounded) > decimalsOf(converted.converted)
  const lines = [
    `${amount} ${from} = ${converted.converted} ${to}`,
    ...(isRounded ? [`unrounded   ${converted.unrounded} ${to}`] : []),
    `rate        ${rate} ${to} for 1 ${from} (${path})`,
    ...(day === null
      ? []
      : [
          `fixed       ${day}, ${age} ${age === 1 ? 'day' : 'days'} before, by ${source}${table === null ? '' : `, table ${table}`}`,
        ]),
    `convention  ${options.convention}, on ${on}`,
  ]
  terminal.write(`${lines.join('\n')}\n`)
  return 0
}

function decimalsOf(amount: string): number {
  return amount.split('.')[1]?.length ?? 0
}
