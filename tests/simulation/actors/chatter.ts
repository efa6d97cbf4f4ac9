import type { Random } from '../world/random.ts';

const WORDS = [
  'wherefore',
  'art',
  'thou',
  'Ünïcode',
  'zwölf',
  '漢字',
  '🎭',
  '&amp;',
  '&#x1f600;',
  '&lt;b&gt;',
  'é',
];

/** Text between tags: mostly short, now and then some kilobytes. */
export function textOf(random: Random): string {
  const count = random.chance(0.05) ? random.between(50, 300) : random.between(0, 6);
  return Array.from({ length: count }, () => random.pick(WORDS)).join(' ');
}
