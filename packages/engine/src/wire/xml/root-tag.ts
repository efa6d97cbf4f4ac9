import { DEFAULT_DECLARATION, PREFIX_DECLARATION } from './attribute-records.ts';
import { sameBytes } from './chars.ts';
import type { TagReader } from './tag-reader.ts';

/** The range of a declaration's value that is not on the tag. */
const NOWHERE = -1;

/** Where the parts of the root's start tag are that give it its name and namespace. */
export class RootTag {
  nameAt = 0;
  nameEnd = 0;
  /** Position of the colon in the name, or -1. */
  colon = -1;
  /** Value of its own xmlns='...', or -1. */
  defaultAt = NOWHERE;
  defaultEnd = NOWHERE;
  /** Value of its own declaration of its own prefix, or -1. */
  prefixAt = NOWHERE;
  prefixEnd = NOWHERE;

  get localAt(): number {
    return this.colon < 0 ? this.nameAt : this.colon + 1;
  }

  /** Takes it from the tag that was just read. */
  take(bytes: Uint8Array, tag: TagReader): void {
    this.nameAt = tag.nameAt;
    this.nameEnd = tag.nameEnd;
    this.colon = tag.colon;
    this.defaultAt = NOWHERE;
    this.prefixAt = NOWHERE;
    if (!tag.attributes.namespaced) return;
    for (let index = 0; index < tag.attributes.count; index += 1) {
      const kind = tag.attributes.kind(index);
      if (kind === DEFAULT_DECLARATION) {
        this.defaultAt = tag.attributes.valueAt(index);
        this.defaultEnd = tag.attributes.valueEnd(index);
      } else if (kind === PREFIX_DECLARATION && this.#isOwnPrefix(bytes, tag, index)) {
        this.prefixAt = tag.attributes.valueAt(index);
        this.prefixEnd = tag.attributes.valueEnd(index);
      }
    }
  }

  /** The bytes were moved towards the start by `shift`. */
  rebase(shift: number): void {
    this.nameAt -= shift;
    this.nameEnd -= shift;
    if (this.colon >= 0) this.colon -= shift;
    if (this.defaultAt >= 0) {
      this.defaultAt -= shift;
      this.defaultEnd -= shift;
    }
    if (this.prefixAt >= 0) {
      this.prefixAt -= shift;
      this.prefixEnd -= shift;
    }
  }

  #isOwnPrefix(bytes: Uint8Array, tag: TagReader, index: number): boolean {
    if (this.colon < 0) return false;
    const declaredAt = tag.attributes.colon(index) + 1;
    const length = this.colon - this.nameAt;
    return (
      tag.attributes.nameEnd(index) - declaredAt === length &&
      sameBytes(bytes, declaredAt, this.nameAt, length)
    );
  }
}
