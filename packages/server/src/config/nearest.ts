/** How many letters must be added, dropped, changed or swapped with their neighbour to get from one word to the other. */
function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const changed = (last[column - 1] ?? 0) + (same ? 0 : 1);
      const dropped = (last[column] ?? 0) + 1;
      const added = (current[column - 1] ?? 0) + 1;
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwap ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(changed, dropped, added, swapped));
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/** The name that was probably meant: few letters away from the word, or from how the name starts. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  const wanted = word.slice(0, 100).toLowerCase();
  let best: string | undefined;
  let bestDistance =
    (wanted.length < 4 ? wanted.length >> 1 : Math.max(2, Math.floor(wanted.length / 3))) + 1;
  for (const name of names) {
    const candidate = name.toLowerCase();
    const start = candidate.slice(0, wanted.length);
    const apart = Math.min(distance(wanted, candidate), distance(wanted, start) + 1);
    if (apart < bestDistance) [best, bestDistance] = [name, apart];
  }
  return best;
}
