import { type XmlNode, xml } from '@boshd/engine/client';
import { ClientError, StanzaError } from '../errors.ts';
import { fromBase64, randomHex, toBase64 } from './bytes.ts';
import { NS } from './namespaces.ts';
import { type Credentials, chooseMechanism } from './sasl.ts';

/** What a log-in needs to be carried. */
interface LoginLine {
  send(node: XmlNode): void;
  restart(): void;
  /** The next step is the server's. */
  wait?(): void;
}

export interface LoginOptions {
  readonly credentials: Credentials;
  readonly resource: string | undefined;
}

/** Logs in on a stream that has started (RFC 6120 §6, §7): every step waits for the payload that answers it. */
export class Login {
  readonly #line: LoginLine;
  readonly #payloads: XmlNode[] = [];
  #wake: (() => void) | undefined;
  #failure: ClientError | undefined;

  constructor(line: LoginLine) {
    this.#line = line;
  }

  /** A payload came. */
  take(payload: XmlNode): void {
    this.#payloads.push(payload);
    this.#wake?.();
  }

  /** The stream has ended. */
  fail(reason: ClientError): void {
    this.#failure = reason;
    this.#wake?.();
  }

  /** The full JID. `isSecure`: whether nobody reads along on the way to the service. */
  async run({ credentials, resource }: LoginOptions, isSecure: boolean): Promise<string> {
    await this.#authenticate(await this.#next('features'), credentials, isSecure);
    this.#line.restart();
    const features = await this.#next('features');
    const jid = await this.#bind(resource);
    const session = features.child('session');
    // RFC 3921 §3: servers of old want it, newer ones say that they do not.
    if (session !== undefined && session.child('optional') === undefined)
      await this.#ask(xml('session', { xmlns: session.namespace }));
    return jid;
  }

  async #authenticate(features: XmlNode, credentials: Credentials, isSecure: boolean): Promise<void> {
    const offered = features.child('mechanisms', NS.sasl)?.elements('mechanism') ?? [];
    const mechanism = chooseMechanism(
      offered.map(({ text }) => text.trim()),
      credentials,
      isSecure,
    );
    const { name } = mechanism;
    this.#line.send(xml('auth', { xmlns: NS.sasl, mechanism: name }, encoded(mechanism.start())));
    for (;;) {
      const payload = await this.#next('challenge', 'success', 'failure');
      if (payload.name === 'failure') throw refusal(payload);
      const data = decoded(payload);
      if (payload.name === 'success') {
        mechanism.finish(data);
        return;
      }
      this.#line.send(xml('response', { xmlns: NS.sasl }, encoded(await mechanism.answer(data))));
    }
  }

  async #bind(resource: string | undefined): Promise<string> {
    const asked = resource === undefined ? undefined : xml('resource', {}, resource);
    const bound = await this.#ask(xml('bind', { xmlns: NS.bind }, asked));
    const jid = bound.child('bind', NS.bind)?.child('jid')?.text;
    if (jid === undefined) throw new ClientError('bind-refused', 'the XMPP server bound no address');
    return jid;
  }

  async #ask(payload: XmlNode): Promise<XmlNode> {
    const id = randomHex(8);
    this.#line.send(xml('iq', { xmlns: NS.client, type: 'set', id }, payload));
    for (;;) {
      const answer = await this.#next('iq');
      if (answer.attributes['id'] !== id) continue;
      if (answer.attributes['type'] !== 'error') return answer;
      const { condition, message } = new StanzaError(answer);
      throw new ClientError('bind-refused', `${payload.name}: ${message}`, { condition });
    }
  }

  async #next(...names: readonly string[]): Promise<XmlNode> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const payload = this.#payloads.shift();
      if (payload !== undefined && names.includes(payload.name)) return payload;
      if (payload === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          this.#line.wait?.();
        });
      }
    }
  }
}

/** RFC 6120 §6.4.2: `=` is an empty response, which is not none. */
function encoded(bytes: Uint8Array): string {
  return bytes.length === 0 ? '=' : toBase64(bytes);
}

function decoded({ name, text }: XmlNode): Uint8Array {
  const data = text.trim();
  try {
    return fromBase64(data === '=' ? '' : data);
  } catch (cause) {
    throw new ClientError('server-not-proven', `the XMPP server sent a SASL ${name} that is not base 64`, {
      cause,
    });
  }
}

/** RFC 6120 §6.5 */
function refusal(failure: XmlNode): ClientError {
  const [condition] = failure.elements().filter(({ name }) => name !== 'text');
  const text = failure.child('text')?.text;
  const named = condition?.name ?? 'not-authorized';
  const message = `the XMPP server refused the log-in: ${named}${text === undefined ? '' : ` (${text})`}`;
  return new ClientError('not-authorized', message, { condition: named });
}
