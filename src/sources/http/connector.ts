import { lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { rootCertificates } from 'node:tls'
import { buildConnector } from 'undici'
import { isPublicAddress } from './address-guard.js'
import { Refusal } from './refusal.js'

export interface ConnectorOptions {
  /** `host` or `host:port`: may be reached although their address is not public. */
  readonly allowHosts: readonly string[]
  readonly connectTimeoutMs: number
  /** PEM of authorities to trust beside the well-known ones. */
  readonly ca?: string
  readonly lookup?: LookupFunction
}

/**
 * Opens sockets to public addresses, and to hosts that the project allows. The address is looked at when the socket is
 * opened, so a name that is given another address later does not get past. A refused address fails with a Refusal.
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const { connectTimeoutMs: timeout, lookup = systemLookup } = options
  const trust = options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }
  const open = buildConnector({ timeout, ...trust, lookup })
  const openGuarded = buildConnector({ timeout, ...trust, lookup: guardedLookup(lookup) })
  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '')
    if (isAllowedHost(options.allowHosts, host, target)) return open(target, callback)
    // A literal address is connected to without a lookup.
    if (isIP(host) !== 0 && !isPublicAddress(host)) return callback(notPublic(host, host), null)
    openGuarded(target, callback)
  }
}

/** Whether the project lets its pipes reach a host wherever it is. */
export function isAllowedHost(
  allowHosts: readonly string[],
  hostname: string,
  { port, protocol }: { readonly port: string; readonly protocol: string },
): boolean {
  const host = hostname.toLowerCase()
  const stated = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  return allowHosts.some(allowed => [host, `${host}:${stated}`, `[${host}]:${stated}`].includes(allowed.toLowerCase()))
}

/** One address that is not public is enough to refuse a name: it may be there to be picked. */
function guardedLookup(lookup: LookupFunction): LookupFunction {
  return (host, options, callback) => {
    lookup(host, options, (error, address, family) => {
      if (error !== null) return callback(error, address, family)
      const addresses = typeof address === 'string' ? [address] : address.map(one => one.address)
      const wrong = addresses.find(one => !isPublicAddress(one))
      callback(wrong === undefined ? null : notPublic(host, wrong), address, family)
    })
  }
}

function notPublic(host: string, address: string): Refusal {
  const subject = host === address ? `${host} is` : `${host} has the address ${address}, which is`
  return new Refusal(`${subject} not on the public internet; the project does not allow this host`)
}
