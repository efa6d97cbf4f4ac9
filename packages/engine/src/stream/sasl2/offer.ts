import { NS, type XmlElement } from '../../wire/index.ts';
import { childOf } from './convert.ts';

/** What a server's features say of SASL2, FAST and inline resumption (XEP-0388, XEP-0484, XEP-0198 §9). */
export interface Sasl2Offer {
  readonly mechanisms: readonly string[];
  /** Mechanisms for tokens; none where the server says nothing, as it may before it knows who it is (XEP-0484 §3.1). */
  readonly fast: readonly string[];
  /** <resume/> may stand inside of <authenticate/>. */
  readonly resumes: boolean;
}

export function readOffer(features: XmlElement): Sasl2Offer | undefined {
  const authentication = childOf(features, 'authentication', NS.sasl2);
  if (authentication === undefined) return undefined;
  const inline = childOf(authentication, 'inline', NS.sasl2);
  const fast = inline === undefined ? undefined : childOf(inline, 'fast', NS.fast);
  return {
    mechanisms: mechanismsIn(authentication),
    fast: fast === undefined ? [] : mechanismsIn(fast),
    resumes: inline !== undefined && childOf(inline, 'sm', NS.streamManagement) !== undefined,
  };
}

function mechanismsIn({ children }: XmlElement): readonly string[] {
  return children.filter(({ name }) => name === 'mechanism').map(({ text }) => text.trim());
}
