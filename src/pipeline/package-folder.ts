import { fileURLToPath } from 'node:url'

/** The folder of this package, which is a project itself: what `sluice init` copies lies in it. */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../../', import.meta.url))
