import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Place } from '@boshd/engine/site';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { GeoDatabase, GeoError } from './database.ts';
import { locator } from './locate.ts';
import { placeOf } from './record.ts';

const PACKAGE = dirname(
  createRequire(import.meta.url).resolve('@ip-location-db/geo-whois-asn-country-mmdb/package.json'),
);
const BOTH_FAMILIES = join(PACKAGE, 'geo-whois-asn-country.mmdb');
const ONLY_IPV4 = join(PACKAGE, 'geo-whois-asn-country-ipv4.mmdb');

let directory = '';
const open: GeoDatabase[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'boshd-geo-'));
});
afterEach(() => {
  for (const database of open.splice(0)) database.close();
  rmSync(directory, { recursive: true });
});

function database(
  path: string,
  reloaded: (fault: string | undefined) => void = () => undefined,
): GeoDatabase {
  const made = new GeoDatabase({ path, checkMs: 20, reloaded });
  open.push(made);
  return made;
}

describe('placeOf', () => {
  test.each<[string, unknown, Place | undefined]>([
    ['MaxMind, by country', { country: { iso_code: 'DE', names: { en: 'Germany' } } }, { country: 'DE' }],
    [
      'MaxMind, by city',
      {
        continent: { code: 'EU' },
        country: { iso_code: 'DE' },
        location: { latitude: 50.1, longitude: 8.7, time_zone: 'Europe/Berlin' },
      },
      { country: 'DE', continent: 'EU', point: { latitude: 50.1, longitude: 8.7 } },
    ],
    ['without levels', { country_code: 'US' }, { country: 'US' }],
    [
      'without levels, numbers as text',
      { country_code: 'us', latitude: '37.4', longitude: '-122' },
      { country: 'US', point: { latitude: 37.4, longitude: -122 } },
    ],
    ['an impossible point', { country_code: 'US', latitude: 91, longitude: 0 }, { country: 'US' }],
    ['half a point', { country_code: 'US', latitude: 9 }, { country: 'US' }],
    ['no country', { country: { iso_code: 'XX' } }, undefined],
    ['nothing of use', { autonomous_system_number: 64496 }, undefined],
    ['nothing', null, undefined],
    ['text', 'DE', undefined],
  ])('%s', (_, record, place) => {
    expect(placeOf(record)).toEqual(place);
  });
});

describe('a real database', () => {
  test.each([
    ['8.8.8.8', 'US'],
    ['193.99.144.80', 'DE'],
    ['2a00:1450::1', 'IE'],
    ['127.0.0.1', undefined],
    ['fe80::1', undefined],
    ['', undefined],
    ['no address', undefined],
  ])('%s is in %s', (address, country) => {
    expect(database(BOTH_FAMILIES).placeOf(address)?.country).toBe(country);
  });

  test('is read again when another file takes its place, and kept when that is no database', async () => {
    const path = join(directory, 'geo.mmdb');
    const put = (write: (to: string) => void): void => {
      write(`${path}.new`);
      renameSync(`${path}.new`, path);
    };
    put((to) => copyFileSync(ONLY_IPV4, to));
    const heard: (string | undefined)[] = [];
    const used = database(path, (fault) => void heard.push(fault));
    // Again until it is noticed: what is put there before the first look of the watcher is no change.
    const replace = async (write: (to: string) => void): Promise<void> => {
      const { length } = heard;
      while (heard.length === length) {
        put(write);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    expect(used.placeOf('2a00:1450::1')).toBeUndefined();

    await replace((to) => copyFileSync(BOTH_FAMILIES, to));
    expect(heard.at(-1)).toBeUndefined();
    expect(used.placeOf('2a00:1450::1')).toEqual({ country: 'IE' });

    await replace((to) => writeFileSync(to, 'not a database'));
    await vi.waitFor(() => expect(heard.at(-1)).toContain('is not a database'), 60_000);
    expect(used.placeOf('2a00:1450::1')).toEqual({ country: 'IE' });
  });

  test.each([
    ['is missing', () => join(directory, 'none'), 'can not be read'],
    ['is something else', () => join(PACKAGE, 'package.json'), 'is not a database'],
  ])('a file that %s is an error that names it', (_, path, what) => {
    expect(() => database(path())).toThrow(GeoError);
    expect(() => database(path())).toThrow(`${path()}: ${what}`);
  });
});

describe('locator', () => {
  const known = { country: 'DE', continent: 'EU' };
  const locate = locator({
    database: { placeOf: (address) => (address === '192.0.2.1' ? known : undefined) },
  });

  test.each<[string, string, string | undefined, Place | undefined]>([
    ['by address', '192.0.2.1', undefined, known],
    ['the header wins', '192.0.2.1', 'FR', { country: 'FR' }],
    ['the database knows more of the same country', '192.0.2.1', 'de', known],
    ['a header that says unknown', '192.0.2.1', 'XX', known],
    ['a header that is no code', '192.0.2.1', 'T1', known],
    ['nobody knows', '192.0.2.2', undefined, undefined],
    ['the header alone', '192.0.2.2', 'FR', { country: 'FR' }],
  ])('%s', (_, address, header, place) => {
    expect(locate(address, header)).toEqual(place);
  });

  test('without a database', () => {
    expect(locator({ database: undefined })('192.0.2.1', undefined)).toBeUndefined();
  });
});
