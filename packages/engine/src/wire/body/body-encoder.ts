import type { ByteString } from '../../kit/index.ts';
import { isWord, word } from '../xml/chars.ts';
import { NS } from '../xml/names.ts';
import type { OuterBinding } from '../xml/namespaces.ts';
import type { DeclaredOutside, Payload } from './payload.ts';
import { isStreamPrefix } from './payload-cutter.ts';

const OPEN = `<body xmlns='${NS.httpbind}'`;
const STREAM_DECLARATION = ` xmlns:stream='${NS.stream}'`;
/** Prefixes that mean something on a <body/> (XEP-0206 §3, and above), and are bound to nothing else there. */
const TAKEN = [word('stream'), word('xmpp')];

/**
 * A reply's <body/>. `attributes` is what `attribute` made, each with its leading space, without xmlns and xmlns:stream.
 * The latter is declared when `declareStream` says so, and always when a payload of the streams namespace (features,
 * error) is inside. Other prefixes of the server's stream root are declared on it once, if a payload uses them. With
 * nothing: `<body xmlns='http://jabber.org/protocol/httpbind'/>`.
 */
export function encodeBody(
  attributes: ByteString,
  payloads: readonly Payload[],
  declareStream = false,
): ByteString {
  let inside = '';
  let declares = declareStream;
  let declarations: RootDeclarations | undefined;
  for (const payload of payloads) {
    const { outside } = payload;
    if (outside === undefined) {
      inside += payload.bytes;
    } else {
      declarations ??= new RootDeclarations(outside.root);
      inside += declarations.declare(outside) ? outside.bytes : payload.bytes;
    }
    if (payload.namespace === NS.stream) declares = true;
  }
  declares ||= declarations?.usesStream === true;
  const start = `${OPEN}${declares ? STREAM_DECLARATION : ''}${declarations?.text ?? ''}${attributes}`;
  return (payloads.length === 0 ? `${start}/>` : `${start}>${inside}</body>`) as ByteString;
}

/** What of one stream root is to be declared on a <body/>. */
class RootDeclarations {
  readonly #root: readonly OuterBinding[];
  readonly #used = new Set<OuterBinding>();
  text = '';
  usesStream = false;

  constructor(root: readonly OuterBinding[]) {
    this.#root = root;
  }

  /** Whether all that a payload uses is declared now. False: it is of another root, or uses a prefix that is taken. */
  declare({ used, root }: DeclaredOutside): boolean {
    if (root !== this.#root || used.some(isTaken)) return false;
    for (const binding of used) {
      if (this.#used.has(binding)) continue;
      this.#used.add(binding);
      if (isStreamPrefix(binding)) this.usesStream = true;
      else this.text += binding.declaration;
    }
    return true;
  }
}

function isTaken(binding: OuterBinding): boolean {
  const { prefix } = binding;
  return !isStreamPrefix(binding) && TAKEN.some((name) => isWord(prefix, 0, prefix.length, name));
}
