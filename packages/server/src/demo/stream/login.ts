import type { ByteString, Toolbox } from '@boshd/engine/kit';
import { NS, type Payload, readElement, writeElement, type XmlElement } from '@boshd/engine/wire';
import { element } from '../domain/stanza.ts';
import type { Credentials, Identity, SaslExchange, SaslFailure, SaslStep } from '../sasl/exchange.ts';
import { startMechanism } from '../sasl/mechanisms.ts';

/** What the client is told, and who it is once that is known. */
export interface SaslReply {
  readonly bytes: ByteString;
  readonly identity: Identity | undefined;
  readonly failed: boolean;
}

/** SASL as RFC 6120 §6 carries it; `Sasl2Login` is its sibling over the same exchanges. */
export class SaslLogin {
  readonly #credentials: Credentials;
  readonly #toolbox: Toolbox;
  #exchange: SaslExchange | undefined;

  constructor(credentials: Credentials, toolbox: Toolbox) {
    this.#credentials = credentials;
    this.#toolbox = toolbox;
  }

  /** Takes an element of the SASL namespace; undefined where it has no place here. */
  take(payload: Payload): SaslReply | undefined {
    switch (payload.name) {
      case 'auth':
        return this.#begin(readElement(payload.bytes, this.#toolbox));
      case 'response':
        return this.#exchange === undefined
          ? this.fail('malformed-request')
          : this.#step(this.#exchange, readElement(payload.bytes, this.#toolbox));
      case 'abort':
        return this.fail('aborted');
      default:
        return undefined;
    }
  }

  /** RFC 6120 §6.4.5: the client may try again. */
  fail(failure: SaslFailure): SaslReply {
    this.#exchange = undefined;
    const bytes = this.#write(element('failure', NS.sasl, {}, element(failure, NS.sasl)));
    return { bytes, identity: undefined, failed: true };
  }

  #begin(auth: XmlElement): SaslReply {
    const exchange = startMechanism(auth.attributes.get('mechanism') ?? '', this.#credentials);
    if (exchange === undefined) return this.fail('invalid-mechanism');
    // RFC 6120 §6.4.2: no text is no initial response, "=" an empty one.
    return auth.text.trim() === ''
      ? this.#reply(exchange, exchange.step(undefined))
      : this.#step(exchange, auth);
  }

  #step(exchange: SaslExchange, message: XmlElement): SaslReply {
    const data = decodeBase64(message.text);
    return data === undefined ? this.fail('incorrect-encoding') : this.#reply(exchange, exchange.step(data));
  }

  #reply(exchange: SaslExchange, step: SaslStep): SaslReply {
    if (step.type === 'failure') return this.fail(step.failure);
    this.#exchange = step.type === 'challenge' ? exchange : undefined;
    const bytes = this.#write(element(step.type, NS.sasl, {}, encodeBase64(step)));
    return { bytes, identity: step.type === 'success' ? step.identity : undefined, failed: false };
  }

  #write(tree: XmlElement): ByteString {
    return writeElement(tree, this.#toolbox);
  }
}

/** RFC 6120 §6.4.6 has "=" only for an initial response; an empty challenge is just empty. */
function encodeBase64(step: Extract<SaslStep, { data: unknown }>): string {
  return step.data?.toString('base64') ?? '';
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** RFC 6120 §6.4.2 and §6.5.5 (incorrect-encoding). */
export function decodeBase64(text: string): Buffer | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '=') return Buffer.alloc(0);
  return BASE64.test(trimmed) ? Buffer.from(trimmed, 'base64') : undefined;
}
