/** Every metric of 251 closes by its textbook formula in plain loops, as a second opinion on the SQL. Prices oldest first. */
export function plainRisk(prices251: readonly number[], periods: number): Record<string, number> {
  const simple = prices251.slice(1).map((price, i) => price / prices251[i]! - 1)
  const logs = prices251.slice(1).map((price, i) => Math.log(price / prices251[i]!))
  const [mean, sigma] = moments(simple)
  const [g1, g2] = shape(simple)
  const losses = simple.map(r => Math.max(-r, 0))
  const gains = simple.map(r => Math.max(r, 0))
  const growth = prices251.at(-1)! / prices251[0]!
  return {
    volatility_20d: moments(logs.slice(-20))[1] * Math.sqrt(periods),
    ewma_volatility: Math.sqrt(ewma(logs) * periods),
    ...byConfidence('var', alpha => -quantileType7(simple, alpha)),
    ...byConfidence('normal_var', alpha => -(mean + Z[alpha]! * sigma)),
    ...byConfidence('cornish_fisher_var', alpha => -(mean + cornishFisher(Z[alpha]!, g1, g2) * sigma)),
    ...byConfidence('es', alpha => shortfall(simple, alpha)),
    ...byConfidence('normal_es', alpha => (sigma * density(Z[alpha]!)) / alpha - mean),
    normal_var_99_10d_loss: -(mean + Z[0.01]! * sigma) * Math.sqrt(10),
    es_975_10d_loss: shortfall(simple, 0.025) * Math.sqrt(10),
    max_drawdown_loss: drawdown(prices251),
    sharpe: (mean / sigma) * Math.sqrt(periods),
    sortino: (mean / Math.sqrt(average(losses.map(loss => loss ** 2)))) * Math.sqrt(periods),
    calmar: (growth ** (periods / 250) - 1) / drawdown(prices251),
    omega: average(gains) / average(losses),
    skewness: g1,
    excess_kurtosis: g2,
  }
}

const Z: Readonly<Record<number, number>> = {
  0.05: -1.6448536269514722,
  0.025: -1.959963984540054,
  0.01: -2.3263478740408408,
}

function byConfidence(name: string, of: (alpha: number) => number): Record<string, number> {
  return { [`${name}_95_loss`]: of(0.05), [`${name}_975_loss`]: of(0.025), [`${name}_99_loss`]: of(0.01) }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function density(z: number): number {
  return Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)
}

function shape(values: readonly number[]): [skewness: number, kurtosis: number] {
  const mean = average(values)
  const central = (power: number): number => average(values.map(value => (value - mean) ** power))
  return [central(3) / central(2) ** 1.5, central(4) / central(2) ** 2 - 3]
}

/** As Zangari 1996 writes it, for the left tail: z is negative. */
function cornishFisher(z: number, g1: number, g2: number): number {
  return z + ((z ** 2 - 1) * g1) / 6 + ((z ** 3 - 3 * z) * g2) / 24 - ((2 * z ** 3 - 5 * z) * g1 ** 2) / 36
}

/** Filtered historical VaR of 501 closes: each return over the EWMA volatility of the 250 before it, times that of the last 250. */
export function plainFilteredVar(prices501: readonly number[], alpha: number): number {
  const logs = prices501.slice(1).map((price, i) => Math.log(price / prices501[i]!))
  const before = (i: number): number => Math.sqrt(ewma(logs.slice(i - 250, i)))
  const standardised = Array.from({ length: 250 }, (_, i) => logs[250 + i]! / before(250 + i))
  return 1 - Math.exp(before(500) * quantileType7(standardised, alpha))
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
