const UNITS = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

/** Bytes of a number with a unit, as `1.5GB` or `512MiB`; the settings' schema has checked the text. */
export function byteSize(text: string): number {
  const unit = text.replace(/^[0-9.]+/, '') as keyof typeof UNITS
  return Math.floor(Number.parseFloat(text) * UNITS[unit])
}
