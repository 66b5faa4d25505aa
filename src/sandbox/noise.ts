/** sqrt(3) / π: scales the logistic distribution to variance 1. */
const LOGISTIC_SCALE = Math.sqrt(3) / Math.PI

/** 32 bits of a text (FNV-1a, mixed): what stands for a series in the functions below. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mix(hash)
}

/** 32 bits of a hash and two whole numbers of up to 32 bits each. */
export function hashOf(hash: number, a: number, b = 0): number {
  return mix(Math.imul(mix(hash ^ Math.imul(a | 0, 0x9e3779b1)), 0x85ebca6b) ^ Math.imul(b | 0, 0xc2b2ae35))
}

/** A number in (0, 1); neither end is ever reached. A function of its arguments alone. */
export function uniform(hash: number, a: number, b = 0): number {
  return (hashOf(hash, a, b) + 0.5) / 2 ** 32
}

/** A number with mean 0, variance 1 and tails fatter than the normal's, as markets have them. */
export function shock(hash: number, a: number, b = 0): number {
  return Math.log(1 / uniform(hash, a, b) - 1) * LOGISTIC_SCALE
}

/** Finishes a hash, as MurmurHash3 does: each bit of the input reaches each of the output. Not negative. */
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
