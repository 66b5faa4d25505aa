import { BlockList, isIP } from 'node:net'

/** IPv4 that no public service has: own machine, own network, carriers' networks, tests, multicast, and hosts of cloud metadata. */
const NOT_PUBLIC_4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

/** The only IPv6 that is public, and what in it is not: protocols' own, documentation, and tunnels that hide an IPv4 address. */
const PUBLIC_6: readonly (readonly [string, number])[] = [['2000::', 3]]
const NOT_PUBLIC_6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

/** IPv6 prefixes of 96 bits whose last 32 bits are an IPv4 address: mapped, and NAT64. */
const HOLDS_IPV4 = ['::ffff:', '64:ff9b::']

const refused = new BlockList()
const known = new BlockList()
for (const [net, bits] of NOT_PUBLIC_4) {
  refused.addSubnet(net, bits, 'ipv4')
  for (const prefix of HOLDS_IPV4) refused.addSubnet(`${prefix}${net}`, 96 + bits, 'ipv6')
}
for (const [net, bits] of NOT_PUBLIC_6) refused.addSubnet(net, bits, 'ipv6')
for (const [net, bits] of PUBLIC_6) known.addSubnet(net, bits, 'ipv6')
for (const prefix of HOLDS_IPV4) known.addSubnet(`${prefix}0.0.0.0`, 96, 'ipv6')

/**
 * Whether an IP address is one of the public internet. Everything else is refused to pipes: their addresses are written by
 * people who should not reach into the network that Sluice runs in. What is no IP address is not public.
 */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !refused.check(address, 'ipv4')
  // An address with a zone (`fe80::1%eth0`) belongs to a link.
  if (version !== 6 || address.includes('%')) return false
  return known.check(address, 'ipv6') && !refused.check(address, 'ipv6')
}
