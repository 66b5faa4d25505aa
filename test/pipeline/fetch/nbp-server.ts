import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PipeDeclaration } from '../../../src/pipeline/pipes/pipe-declaration.js'
import { PLAIN_DIALECT } from '../../../src/sources/pipe.js'
import type { Loopback } from '../../sources/http/loopback.js'
import type { ProjectFolder, TestLake } from '../../support/lakes.js'

export const DAY = 86_400_000
/** A Friday; table A of the day is out since 12:15 in Warsaw. */
export const NOW = Date.UTC(2026, 0, 30, 13)

export function nbpPipe(name: string, parts: Partial<PipeDeclaration> = {}): PipeDeclaration {
  return {
    name,
    source: 'nbp.rates',
    contract: 'fx_rates',
    group: 'fx',
    tags: [],
    params: { table: 'A' },
    fixed: [],
    template: name,
    enabled: true,
    input: [],
    dialect: PLAIN_DIALECT,
    map: {},
    mapPlaces: {},
    universe: 'closed',
    empty: 'refuse',
    capture: 'copy',
    sinceMs: NOW - 100 * DAY,
    declaredIn: { file: 'pipes/fx.yaml', line: 1, column: 1 },
    ...parts,
  }
}

/** Table A for every working day, as NBP answers: 404 for an interval without one. */
export function answerAsNbp(
  request: IncomingMessage,
  response: ServerResponse,
  mid = (day: string) => Number(`3.${day.slice(-2)}`),
): void {
  const [, start, end] = /\/exchangerates\/tables\/A\/([\d-]+)\/([\d-]+)\?/.exec(request.url!)!
  const tables: unknown[] = []
  for (let ms = Date.parse(start!); ms <= Date.parse(end!); ms += DAY) {
    const day = new Date(ms).toISOString().slice(0, 10)
    if (![0, 6].includes(new Date(ms).getUTCDay())) {
      const rates = [{ currency: 'dolar amerykański', code: 'USD', mid: mid(day) }]
      tables.push({ table: 'A', no: `${day}/A/NBP`, effectiveDate: day, rates })
    }
  }
  if (tables.length === 0) response.writeHead(404).end('404 NotFound - Not Found - Brak danych')
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tables))
}

/** A lake whose NBP is the server. */
export function lakeOn(folder: ProjectFolder, server: Loopback, pipes: readonly PipeDeclaration[]): TestLake {
  const lake = folder.lake()
  const { config } = lake.project
  return lake.with({
    pipes,
    config: {
      ...config,
      lake: lake.root,
      providers: { nbp: { url: server.url, perSecond: 1000, burst: 100, concurrency: 8 } },
      network: { ...config.network, allowHosts: ['127.0.0.1'] },
    },
  })
}
