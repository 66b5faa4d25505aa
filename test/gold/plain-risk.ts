/** Every metric by its textbook formula in plain loops, as a second opinion on the SQL. Prices oldest first. */
export interface PlainRisk {
  readonly volatility_20d: number
  readonly ewma_volatility: number
  readonly var_95_loss: number
  readonly var_99_loss: number
  readonly normal_var_95_loss: number
  readonly normal_var_99_loss: number
  readonly es_975_loss: number
  readonly max_drawdown_loss: number
  readonly sharpe: number
}

export function plainRisk(prices251: readonly number[], periods: number): PlainRisk {
  const simple = prices251.slice(1).map((price, i) => price / prices251[i]! - 1)
  const logs = prices251.slice(1).map((price, i) => Math.log(price / prices251[i]!))
  const [mean, sigma] = moments(simple)
  return {
    volatility_20d: moments(logs.slice(-20))[1] * Math.sqrt(periods),
    ewma_volatility: Math.sqrt(ewma(logs) * periods),
    var_95_loss: -quantileType7(simple, 0.05),
    var_99_loss: -quantileType7(simple, 0.01),
    normal_var_95_loss: -(mean - 1.6448536269514722 * sigma),
    normal_var_99_loss: -(mean - 2.3263478740408408 * sigma),
    es_975_loss: shortfall(simple, 0.025),
    max_drawdown_loss: drawdown(prices251),
    sharpe: (mean / sigma) * Math.sqrt(periods),
  }
}

function moments(values: readonly number[]): [mean: number, sigma: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return [mean, Math.sqrt(squares / (values.length - 1))]
}

function ewma(logs: readonly number[]): number {
  let weighted = 0
  let weights = 0
  for (const [i, value] of logs.entries()) {
    const weight = 0.94 ** (logs.length - 1 - i)
    weighted += weight * value * value
    weights += weight
  }
  return weighted / weights
}

function quantileType7(values: readonly number[], probability: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const position = (sorted.length - 1) * probability
  const below = Math.floor(position)
  return sorted[below]! + (position - below) * (sorted[below + 1]! - sorted[below]!)
}

/** Rockafellar-Uryasev: -q + mean(max(q - r, 0)) / alpha, with q the order statistic at ceil(alpha n). */
function shortfall(values: readonly number[], alpha: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const q = sorted[Math.ceil(alpha * sorted.length) - 1]!
  const excess = values.reduce((sum, value) => sum + Math.max(q - value, 0), 0) / values.length
  return -q + excess / alpha
}

function drawdown(prices: readonly number[]): number {
  let peak = prices[0]!
  let deepest = 0
  for (const price of prices) {
    peak = Math.max(peak, price)
    deepest = Math.max(deepest, 1 - price / peak)
  }
  return deepest
}
