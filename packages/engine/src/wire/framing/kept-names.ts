/*
 * Names of an element that is not passed on. It may be as deep and its tags as long as a hostile server likes, so what is
 * kept is bounded. Beyond the bounds, end tags are counted and not compared, and an attribute may stand twice: the element
 * ends where it ends all the same, and nothing of it is used.
 */

/** Of a name; what is behind it is not compared, its length is. Longest in use: some 40. */
export const NAME_KEPT_MAX = 1024;
/** Characters of all names at once, with what an entry costs by itself. */
const KEPT_MAX = 1024 * 1024;
const ENTRY = 16;

/** The names of the open elements. */
export class OpenNames {
  readonly #names: string[] = [];
  readonly #lengths: number[] = [];
  #kept = 0;
  depth = 0;

  /** An element begins: the kept beginning of its name, and the whole length of it. */
  open(name: string, length: number): void {
    this.depth += 1;
    // Only what is open without a gap is kept, so that the last of the names is that of the deepest they are for.
    if (this.#names.length < this.depth - 1 || this.#kept >= KEPT_MAX) return;
    this.#names.push(name);
    this.#lengths.push(length);
    this.#kept += name.length + ENTRY;
  }

  /** The element that began last ends by itself: `<like-this/>`. */
  leave(): void {
    this.close(this.#names.at(-1) ?? '', this.#lengths.at(-1) ?? 0);
  }

  /** An element ends; false: by the name of another one. */
  close(name: string, length: number): boolean {
    const isKept = this.#names.length === this.depth;
    this.depth -= 1;
    if (!isKept) return true;
    this.#kept -= (this.#names.at(-1)?.length ?? 0) + ENTRY;
    return this.#names.pop() === name && this.#lengths.pop() === length;
  }
}

/** The names of the attributes of one tag. */
export class AttributeNames {
  readonly #names = new Set<string>();
  #kept = 0;

  clear(): void {
    if (this.#names.size > 0) this.#names.clear();
    this.#kept = 0;
  }

  /** False: the tag has one of this name (XML 1.0 §3.1). */
  add(name: string, length: number): boolean {
    if (length > name.length) return true;
    if (this.#kept >= KEPT_MAX) return !this.#names.has(name);
    const { size } = this.#names;
    this.#kept += name.length + ENTRY;
    return this.#names.add(name).size > size;
  }
}
