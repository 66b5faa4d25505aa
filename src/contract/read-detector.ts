import { nearestName } from '../core/nearest-name.js'
import type { Fault } from '../core/yaml-document.js'
import type { Check, DetectorTest } from './contract.js'
import type { Detector } from './detectors/detector.js'
import { type ArgumentPlace, readArguments } from './detectors/read-arguments.js'
import { DETECTOR_NAMES, detectorNamed } from './detectors/registry.js'

/** A detector as a contract asks for it. */
export interface AskedDetector {
  readonly test: DetectorTest
  /** What is wrong with what it finds. */
  readonly catches: string
  /** Of one that gives a figure: what the figure must be. */
  readonly figure?: Pick<Check, 'unit' | 'must'>
}

/** Reads an implementation that names a detector. `place` is that of the implementation. */
export function readDetector(
  given: Readonly<Record<string, unknown>>,
  place: ArgumentPlace,
): AskedDetector | { readonly faults: readonly Fault[] } {
  const name = given['detector']
  const detector = typeof name === 'string' ? detectorNamed(name) : undefined
  if (detector === undefined) return { faults: [{ path: [...place.path, 'detector'], message: unknownDetector(name) }] }
  const { arguments: values, faults } = readArguments(detector, given, place)
  if (faults.length > 0) return { faults }
  const test: DetectorTest = { kind: 'detector', name: detector.name, arguments: values }
  return { test, catches: detector.catches, ...figureOf(detector, test) }
}

function figureOf(detector: Detector, test: DetectorTest): Pick<AskedDetector, 'figure'> {
  const use = { arguments: test.arguments, terms: { eventTime: '', required: [], derived: false } }
  if (detector.shape === 'batch' || detector.shape === 'datasets')
    return { figure: { unit: detector.unit, must: detector.limit(use) } }
  return detector.shape === 'records' ? { figure: { unit: detector.unit, must: detector.limit() } } : {}
}

function unknownDetector(name: unknown): string {
  if (name === undefined) return `names no \`detector\`, known: ${DETECTOR_NAMES.join(', ')}`
  const near = nearestName(String(name), DETECTOR_NAMES)
  const hint = near === undefined ? `known: ${DETECTOR_NAMES.join(', ')}` : `nearest is \`${near}\``
  return `unknown detector \`${String(name)}\`, ${hint}`
}
