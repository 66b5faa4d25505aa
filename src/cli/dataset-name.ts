/** A dataset is called by its own name, or as a table of it: `silver.market_events`. */
export function datasetName(text: string): string {
  return text.replace(/^(bronze|silver|quarantine|gold)\./, '')
}
