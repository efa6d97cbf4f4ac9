export { CONTINENTS, continentOf, isCountry } from './continents.ts';
export {
  kilometresBetween,
  type Place,
  type Point,
  type Region,
  type RegionChoice,
  rankRegions,
} from './regions.ts';
