import { describe, expect, test } from 'vitest';
import { CONTINENTS, continentOf, isCountry } from './continents.ts';
import { kilometresBetween, type Place, type Region, rankRegions } from './regions.ts';

const FRANKFURT = { latitude: 50.1, longitude: 8.7 };
const VIRGINIA = { latitude: 39.0, longitude: -77.5 };
const SINGAPORE = { latitude: 1.35, longitude: 103.8 };

const REGIONS: readonly Region[] = [
  { name: 'eu', countries: [], continents: ['EU', 'AF'], point: FRANKFURT },
  { name: 'us', countries: ['MX'], continents: ['NA', 'SA'], point: VIRGINIA },
  { name: 'asia', countries: ['AU'], continents: ['AS'], point: SINGAPORE },
  { name: 'de', countries: ['DE'], continents: [], point: undefined },
];

const rank = (place: Place, regions = REGIONS) =>
  rankRegions(place, regions).map(({ region, why }) => `${region} ${why}`);

describe('rankRegions', () => {
  test.each<[string, Place, string[]]>([
    [
      'a country before its continent',
      { country: 'DE' },
      ['de country', 'eu continent', 'us order', 'asia order'],
    ],
    ['the continent of a country', { country: 'BR' }, ['us continent', 'eu order', 'asia order', 'de order']],
    ['a continent alone', { continent: 'AS' }, ['asia continent', 'eu order', 'us order', 'de order']],
    [
      'the continent that is told wins',
      { country: 'TR', continent: 'EU' },
      ['eu continent', 'us order', 'asia order', 'de order'],
    ],
    [
      'a country named by a region elsewhere',
      { country: 'AU', point: { latitude: -33.9, longitude: 151.2 } },
      ['asia country', 'us distance', 'eu distance', 'de order'],
    ],
    [
      'the nearest where nothing else speaks',
      { point: { latitude: 21.3, longitude: -157.9 } },
      ['us distance', 'asia distance', 'eu distance', 'de order'],
    ],
    ['nothing known: the order of the operator', {}, ['eu order', 'us order', 'asia order', 'de order']],
    ['a code that is no country', { country: 'QQ' }, ['eu order', 'us order', 'asia order', 'de order']],
  ])('%s', (_, place, expected) => {
    expect(rank(place)).toEqual(expected);
  });

  test('of two regions of a continent the nearer', () => {
    const coasts: readonly Region[] = [
      { name: 'east', countries: [], continents: ['NA'], point: VIRGINIA },
      { name: 'west', countries: [], continents: ['NA'], point: { latitude: 37.4, longitude: -122 } },
    ];
    const vancouver = { country: 'CA', point: { latitude: 49.3, longitude: -123.1 } };
    expect(rank(vancouver, coasts)).toEqual(['west continent', 'east continent']);
    expect(rank({ country: 'CA' }, coasts)).toEqual(['east continent', 'west continent']);
  });
});

test.each([
  ['Frankfurt to Virginia', FRANKFURT, VIRGINIA, 6540],
  ['Frankfurt to Singapore', FRANKFURT, SINGAPORE, 10_270],
  ['across the date line', { latitude: 0, longitude: 179 }, { latitude: 0, longitude: -179 }, 222],
  ['to itself', FRANKFURT, FRANKFURT, 0],
  ['to the other side', { latitude: 0, longitude: 0 }, { latitude: 0, longitude: 180 }, 20_015],
])('kilometres: %s', (_, a, b, expected) => {
  expect(Math.abs(kilometresBetween(a, b) - expected)).toBeLessThan(expected / 100 + 1);
});

test('every country is of one continent', () => {
  expect(CONTINENTS).toEqual(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA']);
  const known = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((a) => letters.map((b) => a + b));
  // What Intl names besides: former countries, unions, and parts that ISO 3166 lists as exceptions.
  const notCountries = new Set(
    'AC CP CQ DG EA EU EZ IC TA UN UK ZZ XA XB AN BU CS DD FX NT QO QU SU TP YD YU ZR DY HV NH RH VD'.split(
      ' ',
    ),
  );
  const expected = codes.filter((code) => known.of(code) !== undefined && !notCountries.has(code));
  expect(codes.filter(isCountry)).toEqual(expected);
  expect(expected.map(continentOf)).not.toContain(undefined);
});
