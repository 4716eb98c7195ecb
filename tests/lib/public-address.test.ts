import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPublicAddress } from '../../functions/callbacks/address.ts';

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.1',
  '192.167.255.255',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80f::200e',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  ['this machine', ['127.0.0.1', '127.255.255.254', '::1', '0.0.0.0', '0.1.2.3', '::']],
  ['private networks', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd00::1']],
  ['unique local addresses', ['fc00::1', 'fdff:ffff::1']],
  ['links', ['169.254.1.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1']],
  ['metadata services', ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16']],
  ['providers (CGNAT)', ['100.64.0.0', '100.127.255.255']],
  ['groups', ['224.0.0.1', '239.255.255.255', 'ff02::1']],
  ['nobody', ['240.0.0.1', '255.255.255.255', '4000::1', '::2', '5f00::1', '100::1']],
  ['documentation and tests', ['192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1']],
  ['documentation, IPv6', ['2001:db8::1', '3fff::1', '2001:2::1']],
  ['an IPv4 address, mapped', ['::ffff:10.0.0.1', '::ffff:8.8.8.8', '::ffff:a9fe:a9fe']],
  ['an IPv4 address, compatible', ['::127.0.0.1', '::8.8.8.8']],
  ['an IPv4 address, by NAT64', ['64:ff9b::10.0.0.1', '64:ff9b::8.8.8.8', '64:ff9b:1::1']],
  ['an IPv4 address, by 6to4', ['2002:7f00:1::', '2002:a00:1::1']],
  ['an IPv4 address, by Teredo', ['2001:0:4136:e378:8000:63bf:3fff:fdd2']],
  ['relays', ['192.88.99.1', '192.0.0.1', '192.0.0.192']],
])('addresses of %s are not public', (_, addresses) => {
  expect(addresses.filter(isPublicAddress)).toEqual([]);
});

test.each([
  ['decimal', '2130706433'],
  ['octal', '0177.0.0.1'],
  ['hexadecimal', '0x7f.0.0.1'],
  ['short', '8.8'],
  ['with a space', ' 8.8.8.8'],
  ['in brackets', '[2606:4700:4700::1111]'],
  ['with a port', '8.8.8.8:80'],
  ['empty', ''],
  ['a name', 'example.com'],
])('what is no address as resolvers write it (%s) is not public', (_, text) => {
  expect(isPublicAddress(text)).toBe(false);
});

test('of any text it says yes or no', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (text) => {
      expect(typeof isPublicAddress(text)).toBe('boolean');
    }),
  );
});
