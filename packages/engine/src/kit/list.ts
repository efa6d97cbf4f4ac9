/**
 * The list with one more item, in a list of just that size. `push` makes room for 16 more, which lists that mostly hold one
 * or two items for as long as a session lives pay with 150 bytes each.
 */
export function appended<Item>(list: readonly Item[], item: Item): Item[] {
  return list.length === 0 ? [item] : [...list, item];
}
