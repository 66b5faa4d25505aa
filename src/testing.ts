export type { Answer } from './sandbox/answer.js'
export type { Aim, Fault, FaultKind, Misbehaviour, PlainKind, When } from './sandbox/fault.js'
export { parseFault } from './sandbox/fault-text.js'
export type { ProviderName } from './sandbox/providers/all.js'
export {
  type Altered,
  type Asked,
  type Requests,
  type SeenRequest,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from './sandbox/simulator.js'
