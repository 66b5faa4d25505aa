import type { Operator } from './contract.js'

/** Whether a figure is what an operator asks for. */
export function satisfies(value: number, must: Operator): boolean {
  switch (must.op) {
    case 'be':
      return value === must.value
    case 'notBe':
      return value !== must.value
    case 'beGreaterThan':
      return value > must.value
    case 'beGreaterOrEqualTo':
      return value >= must.value
    case 'beLessThan':
      return value < must.value
    case 'beLessOrEqualTo':
      return value <= must.value
    case 'beBetween':
      return value >= must.low && value <= must.high
    case 'notBeBetween':
      return value < must.low || value > must.high
  }
}
