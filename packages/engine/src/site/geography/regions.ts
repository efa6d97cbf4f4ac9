import { continentOf } from './continents.ts';

/** A point on the earth, in degrees; north and east are positive. */
export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

/** Where a client is, as far as its address or a trusted header tells. */
export interface Place {
  /** ISO 3166-1, two capital letters. */
  readonly country?: string;
  /** AF, AN, AS, EU, NA, OC or SA. Absent: that of the country. */
  readonly continent?: string;
  readonly point?: Point;
}

/** A region of the cloud, as the operator drew it. */
export interface Region {
  readonly name: string;
  readonly countries: readonly string[];
  readonly continents: readonly string[];
  /** Where its members stand. */
  readonly point: Point | undefined;
}

/** A region for a client, and what speaks for it. */
export interface RegionChoice {
  readonly region: string;
  readonly why: 'country' | 'continent' | 'distance' | 'order';
  /** Between the client and the region, where both are known. */
  readonly kilometres: number | undefined;
}

/**
 * All regions, the best for the client first: those that name its country, those that name its continent, then the others,
 * in each group the nearest first and, where no distance is known, in the operator's order. So when a region is down, the
 * next one in the list is the next best.
 */
export function rankRegions(place: Place, regions: readonly Region[]): readonly RegionChoice[] {
  const continent = place.continent ?? (place.country === undefined ? undefined : continentOf(place.country));
  const choices = regions.map(({ name, countries, continents, point }): Ranked => {
    const kilometres =
      place.point === undefined || point === undefined ? undefined : kilometresBetween(place.point, point);
    if (place.country !== undefined && countries.includes(place.country))
      return { group: 0, choice: { region: name, why: 'country', kilometres } };
    if (continent !== undefined && continents.includes(continent))
      return { group: 1, choice: { region: name, why: 'continent', kilometres } };
    const why = kilometres === undefined ? 'order' : 'distance';
    return { group: 2, choice: { region: name, why, kilometres } };
  });
  return choices.sort(byRank).map(({ choice }) => choice);
}

interface Ranked {
  readonly group: number;
  readonly choice: RegionChoice;
}

/** Sorting is stable, so what compares as equal stays in the operator's order. */
function byRank(a: Ranked, b: Ranked): number {
  if (a.group !== b.group) return a.group - b.group;
  const [near, far] = [a.choice.kilometres, b.choice.kilometres];
  if (near !== undefined && far !== undefined) return near - far;
  return Number(near === undefined) - Number(far === undefined);
}

const EARTH_RADIUS_KM = 6371;
const RADIANS = Math.PI / 180;

/** The way along a great circle (haversine formula), which is exact enough to tell which region is nearer. */
export function kilometresBetween(a: Point, b: Point): number {
  const latitudes = Math.sin(((b.latitude - a.latitude) * RADIANS) / 2) ** 2;
  const longitudes = Math.sin(((b.longitude - a.longitude) * RADIANS) / 2) ** 2;
  const chord = latitudes + Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS) * longitudes;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}
