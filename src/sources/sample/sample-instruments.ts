/** An instrument of the sample market. Venues are real codes, the listed companies and the fund are invented. */
export interface SampleInstrument {
  readonly instrumentId: string
  readonly currency: string
  /** Instruments with one factor move together. */
  readonly factor: string
  /** The price round which the path swings. */
  readonly base: number
  /** Standard deviation of the daily log return, 0..1. */
  readonly volatility: number
  readonly decimals: number
  readonly hours: TradingHours
  /** Typical size of one trade, in units of the instrument. */
  readonly tradeSize: number
  readonly sizeDecimals: number
  /** Typical units traded in a day; undefined where nobody reports volume (spot FX). */
  readonly dailyVolume: number | undefined
}

/** When an instrument trades, in UTC, the same all year. `overnight` is the share of a day's move that happens before the open. */
interface TradingHours {
  readonly days: 'all' | 'weekdays'
  readonly openHour: number
  readonly closeHour: number
  readonly overnight: number
}

const ALWAYS: TradingHours = { days: 'all', openHour: 0, closeHour: 24, overnight: 0 }
const FX_WEEK: TradingHours = { days: 'weekdays', openHour: 0, closeHour: 24, overnight: 0 }
const EUROPE: TradingHours = { days: 'weekdays', openHour: 8, closeHour: 16.5, overnight: 0.25 }
const NEW_YORK: TradingHours = { days: 'weekdays', openHour: 14.5, closeHour: 21, overnight: 0.25 }

/** The whole universe of the sample source; a new project's `instruments.csv` lists the same ids. */
export const SAMPLE_INSTRUMENTS: readonly SampleInstrument[] = [
  {
    instrumentId: 'crypto:coingecko:bitcoin',
    currency: 'USD',
    factor: 'crypto',
    base: 88_000,
    volatility: 0.03,
    decimals: 2,
    hours: ALWAYS,
    tradeSize: 0.05,
    sizeDecimals: 6,
    dailyVolume: 21_000,
  },
  {
    instrumentId: 'crypto:coingecko:ethereum',
    currency: 'USD',
    factor: 'crypto',
    base: 2_950,
    volatility: 0.036,
    decimals: 2,
    hours: ALWAYS,
    tradeSize: 0.9,
    sizeDecimals: 5,
    dailyVolume: 310_000,
  },
  {
    instrumentId: 'crypto:coingecko:solana',
    currency: 'USD',
    factor: 'crypto',
    base: 125,
    volatility: 0.04,
    decimals: 3,
    hours: ALWAYS,
    tradeSize: 14,
    sizeDecimals: 3,
    dailyVolume: 4_200_000,
  },
  {
    instrumentId: 'equity:XNYS:ACME',
    currency: 'USD',
    factor: 'equity',
    base: 142,
    volatility: 0.016,
    decimals: 2,
    hours: NEW_YORK,
    tradeSize: 80,
    sizeDecimals: 0,
    dailyVolume: 3_400_000,
  },
  {
    instrumentId: 'equity:XWAR:SLU',
    currency: 'PLN',
    factor: 'equity',
    base: 38,
    volatility: 0.02,
    decimals: 2,
    hours: EUROPE,
    tradeSize: 150,
    sizeDecimals: 0,
    dailyVolume: 260_000,
  },
  {
    instrumentId: 'etf:XETR:WRLD',
    currency: 'EUR',
    factor: 'equity',
    base: 96,
    volatility: 0.012,
    decimals: 3,
    hours: EUROPE,
    tradeSize: 60,
    sizeDecimals: 0,
    dailyVolume: 540_000,
  },
  {
    instrumentId: 'fx:ecb:EURUSD',
    currency: 'USD',
    factor: 'dollar',
    base: 1.11,
    volatility: 0.0045,
    decimals: 5,
    hours: FX_WEEK,
    tradeSize: 400_000,
    sizeDecimals: 0,
    dailyVolume: undefined,
  },
  {
    instrumentId: 'fx:nbp:USDPLN',
    currency: 'PLN',
    factor: 'zloty',
    base: 3.85,
    volatility: 0.006,
    decimals: 4,
    hours: FX_WEEK,
    tradeSize: 250_000,
    sizeDecimals: 0,
    dailyVolume: undefined,
  },
]
