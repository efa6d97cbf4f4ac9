import { type ByteString, EMPTY, type Toolbox } from '@boshd/engine/kit';
import { NS, type Payload, readElement, writeElement, type XmlElement } from '@boshd/engine/wire';
import type { Account, Accounts } from '../domain/accounts.ts';
import { element } from '../domain/stanza.ts';
import type { SaslExchange, SaslFailure, SaslStep } from '../sasl/exchange.ts';
import { startMechanism } from '../sasl/mechanisms.ts';
import {
  isDueForRotation,
  issueToken,
  TOKEN_MECHANISM,
  type Token,
  type TokenLimits,
  tokenExchange,
} from '../sasl/tokens.ts';
import { decodeBase64, type SaslReply } from './login.ts';

/** What a client asks for with its `<authenticate/>` besides logging in. */
interface Asked {
  /** XEP-0388 §2.3: which client it is; undefined where it does not tell, or nothing sensible. */
  readonly agent: string | undefined;
  /** XEP-0484 §3.2 */
  readonly wantsToken: boolean;
  /** `<fast/>`: it logs in with a token. */
  readonly fast: XmlElement | undefined;
  /** XEP-0198 §9.2 */
  readonly resume: XmlElement | undefined;
}

const AGENT = /^[\x21-\x7e]{1,64}$/;
const COUNT = /^[1-9]\d{0,9}$/;
const NOTHING: Asked = { agent: undefined, wantsToken: false, fast: undefined, resume: undefined };

/** SASL2 (XEP-0388) with the same mechanisms as SASL, and FAST (XEP-0484). */
export class Sasl2Login {
  readonly #accounts: Accounts;
  readonly #limits: TokenLimits;
  readonly #toolbox: Toolbox;
  #exchange: SaslExchange | undefined;
  #asked: Asked = NOTHING;
  #data: Buffer | undefined;

  constructor(accounts: Accounts, limits: TokenLimits, toolbox: Toolbox) {
    this.#accounts = accounts;
    this.#limits = limits;
    this.#toolbox = toolbox;
  }

  /** The `<resume/>` inside of `<authenticate/>`. */
  get resume(): XmlElement | undefined {
    return this.#asked.resume;
  }

  /**
   * Takes an element of the SASL2 namespace; undefined where it has no place here. Where the client is who it says, the
   * reply has no bytes: they are for `success` to write, which is told what became of the rest.
   */
  take(payload: Payload): SaslReply | undefined {
    const tree = readElement(payload.bytes, this.#toolbox);
    switch (payload.name) {
      case 'authenticate':
        return this.#begin(tree);
      case 'response':
        return this.#exchange === undefined
          ? this.fail('malformed-request')
          : this.#step(this.#exchange, tree);
      case 'abort':
        return this.fail('aborted');
      default:
        return undefined;
    }
  }

  /** XEP-0388 §2.6.2: the client may try again. */
  fail(failure: SaslFailure): SaslReply {
    this.#exchange = undefined;
    const bytes = this.#write(element('failure', NS.sasl2, {}, element(failure, NS.sasl)));
    return { bytes, identity: undefined, failed: true };
  }

  /** XEP-0388 §2.6.1. `jid`: full where a stream was resumed. */
  success(account: Account, jid: string, ...inline: readonly XmlElement[]): ByteString {
    const data = this.#data?.toString('base64');
    const token = this.#tokenFor(account);
    return this.#write(
      element(
        'success',
        NS.sasl2,
        {},
        ...(data === undefined ? [] : [element('additional-data', NS.sasl2, {}, data)]),
        element('authorization-identifier', NS.sasl2, {}, jid),
        ...(token === undefined ? [] : [tokenElement(token)]),
        ...inline,
      ),
    );
  }

  #begin(authenticate: XmlElement): SaslReply {
    this.#asked = readAsked(authenticate);
    const exchange = this.#start(authenticate.attributes.get('mechanism') ?? '');
    if (typeof exchange === 'string') return this.fail(exchange);
    const initial = childOf(authenticate, 'initial-response', NS.sasl2);
    return initial === undefined
      ? this.#reply(exchange, exchange.step(undefined))
      : this.#step(exchange, initial);
  }

  #start(mechanism: string): SaslExchange | SaslFailure {
    const { agent, fast } = this.#asked;
    if (mechanism !== TOKEN_MECHANISM) {
      return startMechanism(mechanism, this.#accounts) ?? 'invalid-mechanism';
    }
    const count = fast?.attributes.get('count');
    const isWrong = count !== undefined && !COUNT.test(count);
    // XEP-0484 §4.1: both of them are a MUST for the client.
    if (agent === undefined || fast === undefined || isWrong) return 'malformed-request';
    return tokenExchange((username) => this.#accounts.get(username)?.tokens, {
      agent,
      count: count === undefined ? undefined : Number(count),
    });
  }

  #step(exchange: SaslExchange, message: XmlElement): SaslReply {
    const data = decodeBase64(message.text);
    return data === undefined ? this.fail('incorrect-encoding') : this.#reply(exchange, exchange.step(data));
  }

  #reply(exchange: SaslExchange, step: SaslStep): SaslReply {
    if (step.type === 'failure') return this.fail(step.failure);
    this.#exchange = step.type === 'challenge' ? exchange : undefined;
    if (step.type === 'success') {
      this.#data = step.data;
      return { bytes: EMPTY, identity: step.identity, failed: false };
    }
    const bytes = this.#write(element('challenge', NS.sasl2, {}, step.data.toString('base64')));
    return { bytes, identity: undefined, failed: false };
  }

  /** The token that the client asked for, or gets because its own is getting old (XEP-0484 §3.5). */
  #tokenFor({ tokens }: Account): Token | undefined {
    const { agent, wantsToken, fast } = this.#asked;
    if (agent === undefined) return undefined;
    const invalidate = fast?.attributes.get('invalidate');
    // XEP-0484 §3.6
    const isVoid = invalidate === 'true' || invalidate === '1';
    const isOld = fast !== undefined && isDueForRotation(tokens, agent, this.#limits);
    if (isVoid) tokens.delete(agent);
    return wantsToken || (isOld && !isVoid) ? issueToken(tokens, agent, this.#limits) : undefined;
  }

  #write(tree: XmlElement): ByteString {
    return writeElement(tree, this.#toolbox);
  }
}

function readAsked(authenticate: XmlElement): Asked {
  const agent = childOf(authenticate, 'user-agent', NS.sasl2)?.attributes.get('id');
  const request = childOf(authenticate, 'request-token', NS.fast);
  return {
    agent: agent !== undefined && AGENT.test(agent) ? agent : undefined,
    wantsToken: request?.attributes.get('mechanism') === TOKEN_MECHANISM,
    fast: childOf(authenticate, 'fast', NS.fast),
    resume: childOf(authenticate, 'resume', NS.streamManagement),
  };
}

function tokenElement({ secret, expiresAt }: Token): XmlElement {
  return element('token', NS.fast, { token: secret, expiry: new Date(expiresAt).toISOString() });
}

function childOf({ children }: XmlElement, name: string, namespace: string): XmlElement | undefined {
  return children.find((child) => child.name === name && child.namespace === namespace);
}
