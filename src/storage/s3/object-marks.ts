/** User metadata of an object: the id of the write that made it, by which a write whose answer was lost is found again. */
export const WRITE_ID = 'sluice-write'

/** User metadata of an object: what its bytes were when they were written. Whoever reads it compares. */
export const SHA256 = 'sluice-sha256'
