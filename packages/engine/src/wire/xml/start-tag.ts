import { AssertionFailed, type ByteString, type Toolbox } from '../../kit/index.ts';

/** The root start tag of a payload. */
export interface StartTag {
  /** As written, prefix included. */
  readonly qualifiedName: string;
  /** By name as written (prefix included, namespace declarations too), references resolved. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Reads the root start tag of a payload that the decoder or the framer gave out. */
export function readStartTag(payload: ByteString, toolbox: Toolbox): StartTag {
  throw new AssertionFailed(`follows ${payload} ${toolbox}`);
}

/** One attribute of a payload's root, by its name as written; cheap enough for every stanza. */
export function rootAttribute(payload: ByteString, name: string, toolbox: Toolbox): string | undefined {
  throw new AssertionFailed(`follows ${payload} ${name} ${toolbox}`);
}
