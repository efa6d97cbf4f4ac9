import type { Toolbox } from '../../kit/index.ts';
import type { Payload } from '../../wire/index.ts';
import { type Features, readFeatures, type Showing } from './features.ts';

/** Servers and their states (before TLS, before and after log-in) whose features are remembered. */
const KNOWN_MAX = 64;
/** Longer features are read each time. Servers send 200 to 2,000 bytes. */
const KNOWN_BYTES_MAX = 4096;

/**
 * Features read lately. A server says the same on every stream, twice in a log-in. To read and write them again made a
 * fifth of what a log-in allocates.
 */
export class KnownFeatures {
  readonly #byText = new Map<string, Features>();

  /** The same as `readFeatures`. */
  read(payload: Payload, showing: Showing, toolbox: Toolbox): Features {
    const { bytes } = payload;
    if (bytes.length > KNOWN_BYTES_MAX) return readFeatures(payload, showing, toolbox);
    const key = keyOf(bytes, showing);
    const known = this.#byText.get(key);
    if (known !== undefined) return known;
    const features = readFeatures(payload, showing, toolbox);
    // No order of use: those that are in use are soon there again.
    if (this.#byText.size >= KNOWN_MAX) this.#byText.clear();
    this.#byText.set(key, features);
    return features;
  }
}

/** Nearly always one way of showing, whose key is the text as it is: no other begins with a digit. */
function keyOf(text: string, { external, management, bridge }: Showing): string {
  if (!external && !management && bridge) return text;
  return `${Number(external)}${Number(management)}${Number(bridge)}${text}`;
}
