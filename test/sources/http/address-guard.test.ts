import { describe, expect, it } from 'vitest'
import { isPublicAddress } from '../../../src/sources/http/address-guard.js'

describe('isPublicAddress', () => {
  it.each([
    ['this host', ['0.0.0.0', '127.0.0.1', '127.255.255.254', '::', '::1']],
    ['private networks', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1', 'fec0::1']],
    ['links', ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', '2606:4700::1%eth0']],
    ['metadata of clouds', ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16', '192.0.0.192']],
    ['networks of carriers', ['100.64.0.1', '100.127.255.255']],
    ['documentation and tests', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '198.19.0.1', '2001:db8::1', '3fff::1']],
    ['multicast and the rest', ['224.0.0.1', '240.0.0.1', '255.255.255.255', 'ff02::1', '100::1']],
    [
      'mapped addresses that are not public',
      ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254', '::127.0.0.1'],
    ],
    ['NAT64 of addresses that are not public', ['64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1']],
    ['tunnels', ['2002:7f00:1::', '2001::1']],
    ['what is no address', ['', 'localhost', '1.2.3', '0x7f.1', '1.2.3.4.5', '[::1]']],
  ])('refuses %s', (_, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([])
  })

  it('takes public addresses, also as NAT64 and mapped ones', () => {
    const addresses = ['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '172.32.0.1', '223.255.255.255']
    const version6 = ['2606:4700::1111', '2a00:1450::1', '::ffff:1.1.1.1', '64:ff9b::8.8.8.8']
    expect([...addresses, ...version6].filter(address => !isPublicAddress(address))).toEqual([])
  })
})
