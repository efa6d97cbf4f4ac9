import type { Place, Point } from '@boshd/engine/site';

/**
 * What a record says, in either of the two shapes that are in use: `country.iso_code`, `continent.code` and
 * `location.latitude` as MaxMind and DB-IP have them, or `country_code`, `continent_code` and `latitude` without levels.
 * Undefined where it says nothing of these.
 */
export function placeOf(record: unknown): Place | undefined {
  const country = code(field(record, 'country', 'iso_code') ?? field(record, 'country_code'));
  const continent = code(field(record, 'continent', 'code') ?? field(record, 'continent_code'));
  const point = pointOf(
    field(record, 'location', 'latitude') ?? field(record, 'latitude'),
    field(record, 'location', 'longitude') ?? field(record, 'longitude'),
  );
  if (country === undefined && continent === undefined && point === undefined) return undefined;
  return {
    ...(country === undefined ? {} : { country }),
    ...(continent === undefined ? {} : { continent }),
    ...(point === undefined ? {} : { point }),
  };
}

function field(record: unknown, ...path: readonly string[]): unknown {
  let value = record;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

function code(value: unknown): string | undefined {
  return typeof value === 'string' ? countryCode(value) : undefined;
}

/** Two capital letters, or undefined. `XX` and `T1` are what content delivery networks write for unknown and Tor. */
export function countryCode(text: string): string | undefined {
  const upper = text.trim().toUpperCase();
  return /^[A-Z]{2}$/.test(upper) && upper !== 'XX' ? upper : undefined;
}

function pointOf(latitude: unknown, longitude: unknown): Point | undefined {
  const [north, east] = [degrees(latitude), degrees(longitude)];
  if (north === undefined || east === undefined || Math.abs(north) > 90 || Math.abs(east) > 180)
    return undefined;
  return { latitude: north, longitude: east };
}

/** Some databases write numbers as text. */
function degrees(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
