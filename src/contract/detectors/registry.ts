import { addedField, completeness, distributionShift, freshness, missingField } from './batch-detectors.js'
import { datasetReconciliation } from './dataset-detectors.js'
import type { Detector } from './detector.js'
import { conflictingDuplicate, reconciliation, staleValue, valueGap, volumeAnomaly } from './flow-detectors.js'
import { badTick, largeMove, splitShape, unappliedSplit } from './price-detectors.js'
import { ohlcCoherence, plausibleTime, priceSign, valuePerUnit } from './row-detectors.js'
import { invertedPair, unitBreak } from './unit-detectors.js'
import { currencyValidity, dividendAdjustment, offSession } from './validity-detectors.js'

/** Every detector, in the order in which its page tells of them. */
export const DETECTORS: readonly Detector[] = [
  priceSign,
  ohlcCoherence,
  plausibleTime,
  valuePerUnit,
  badTick,
  largeMove,
  unitBreak,
  invertedPair,
  splitShape,
  unappliedSplit,
  dividendAdjustment,
  staleValue,
  volumeAnomaly,
  valueGap,
  currencyValidity,
  offSession,
  conflictingDuplicate,
  reconciliation,
  datasetReconciliation,
  completeness,
  freshness,
  distributionShift,
  missingField,
  addedField,
]

const BY_NAME: ReadonlyMap<string, Detector> = new Map(DETECTORS.map(detector => [detector.name, detector]))

export const DETECTOR_NAMES: readonly string[] = [...BY_NAME.keys()]

export function detectorNamed(name: string): Detector | undefined {
  return BY_NAME.get(name)
}
