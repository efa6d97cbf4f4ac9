import { fault, ok, type Result } from '@boshd/engine/kit';
import { CONTINENTS, isCountry } from '@boshd/engine/site';
import { z } from 'zod';
import { duration, group, key, list, optionalKey, parsed } from './kinds/kinds.ts';

/** RFC 9110 §5.6.2 */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Also a part of NATS subjects and of cookies. */
const REGION_NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

function parseCountry(input: string): Result<string, string> {
  const code = input.toUpperCase();
  return isCountry(code) ? ok(code) : fault('is not the two-letter code of a country (ISO 3166-1)');
}

function parseContinent(input: string): Result<string, string> {
  const code = input.toUpperCase();
  return CONTINENTS.includes(code) ? ok(code) : fault(`is not one of ${CONTINENTS.join(', ')}`);
}

/** The result is the same text without spaces, so that it prints as it was written. */
function parsePoint(input: string): Result<string, string> {
  const match = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(input);
  const [latitude, longitude] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || Math.abs(latitude) > 90 || Math.abs(longitude) > 180)
    return fault('is not a latitude and a longitude in degrees');
  return ok(`${latitude},${longitude}`);
}

const region = z.strictObject({
  countries: list(parseCountry, {
    max: 300,
    of: 'country codes, such as DE',
    preset: [],
    purpose: 'Whose clients belong here before all others.',
  }),
  continents: list(parseContinent, {
    max: 7,
    of: 'continents: AF, AN, AS, EU, NA, OC, SA',
    preset: [],
    purpose: 'Whose other clients belong here.',
  }),
  location: optionalKey(parsed(parsePoint), {
    kind: 'text',
    form: 'latitude and longitude in degrees, such as 50.1,8.7',
    purpose:
      'Where the members stand: clients of other places come to the nearest region, if the database knows where they are.',
  }),
});

/** A map keeps the operator's order, which is the last that counts. */
function inOrder<Value>(record: Record<string, Value>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(record));
}

export const geoKeys = {
  geo: group(
    {
      databaseFile: optionalKey(z.string().min(1), {
        kind: 'file',
        form: "the path of a database in MaxMind's format (.mmdb)",
        purpose:
          'Tells where an address is: GeoLite2, DB-IP or another; by country, better by city. Read again when the file changes.',
        reason: 'Such databases have licences and grow old, so none comes with boshd.',
      }),
      databaseCheck: duration({
        purpose: 'How often to look whether the file is another one.',
        reason: 'They come out weekly at most.',
        bareUnit: 's',
        min: '100ms',
        max: '24h',
        preset: '30s',
      }),
      header: optionalKey(z.string().regex(HEADER_NAME).toLowerCase(), {
        kind: 'text',
        form: 'the name of a header with a country code, such as CF-IPCountry',
        purpose: 'Taken before the database; believed from trustedProxies alone.',
      }),
    },
    { purpose: 'How a client finds its region.' },
  ),
  regions: key(z.record(z.string().regex(REGION_NAME), region).transform(inOrder), {
    kind: 'map',
    form: 'a name of a region and, below it, who belongs to it',
    preset: {},
    purpose:
      'The regions of the cloud. A new session goes to the region that names its country, else its continent, else the nearest, else the first; when no member there is well, to the next in that order.',
  }),
};
