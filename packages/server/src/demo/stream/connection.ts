import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { ascii, type ByteString, EMPTY } from '@boshd/engine/kit';
import {
  attribute,
  CLIENT_XML_LIMITS,
  type FramerEvent,
  type FramerFault,
  makeFramer,
  NS,
  type Payload,
  type StanzaFramer,
  type StreamHeader,
  writeElement,
  type XmlElement,
} from '@boshd/engine/wire';
import type { Account } from '../domain/accounts.ts';
import { bindResource, enter, leaveAccount, leaveSession, type Reach, take } from '../domain/domain.ts';
import { isProperIq } from '../domain/iq.ts';
import { isResource } from '../domain/jid.ts';
import type { Session, StreamError } from '../domain/session.ts';
import { bounce, element, insideOf, iqResult, readStanza, type StanzaError } from '../domain/stanza.ts';
import type { DomainState } from '../domain/state.ts';
import { bindFeatures, loginFeatures, SaslLogin } from './login.ts';

/**
 * How far a stream has come (RFC 6120 §4.3). A header leads from `header` to `login`, or to `bind` when somebody has
 * logged in; log-in leads back to `header` (§6.4.6 restart), binding to `bound`, and everything to `ended`.
 */
type Phase =
  | { readonly name: 'header'; readonly account: Account | undefined }
  | { readonly name: 'login'; readonly sasl: SaslLogin }
  | { readonly name: 'bind'; readonly account: Account }
  | { readonly name: 'bound'; readonly session: Session }
  | { readonly name: 'ended' };

/** Which stream error a fault of the framer is (RFC 6120 §4.9.3). */
const FAULTS: Readonly<Record<FramerFault['code'], StreamError>> = {
  'not-utf8': 'unsupported-encoding',
  'not-well-formed': 'not-well-formed',
  'restricted-xml': 'restricted-xml',
  'not-xmpp': 'invalid-namespace',
  'stanza-too-large': 'policy-violation',
  'too-deep': 'policy-violation',
  'too-many-attributes': 'policy-violation',
  'name-too-long': 'policy-violation',
};

/** One client's TCP connection: its streams from header to end. */
export class Connection implements Reach {
  readonly #state: DomainState;
  readonly #socket: Socket;
  readonly #framer: StanzaFramer;
  readonly #loginTimer: NodeJS.Timeout;
  #phase: Phase = { name: 'header', account: undefined };
  #account: Account | undefined;
  #headerSent = false;
  #isOverrun = false;
  #saslFailures = 0;

  constructor(state: DomainState, socket: Socket) {
    this.#state = state;
    this.#socket = socket;
    this.#framer = makeFramer(CLIENT_XML_LIMITS, state.toolbox);
    this.#loginTimer = setTimeout(() => this.end('connection-timeout'), state.limits.loginMs);
    socket.on('data', (chunk) => this.#read(chunk));
    // The client's half is closed: a stream that it did not end is over all the same.
    socket.on('end', () => this.#finish(EMPTY));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#leave());
  }

  send(bytes: ByteString): void {
    if (this.#phase.name === 'ended') return;
    this.#socket.write(bytes, 'latin1');
    if (this.#isOverrun || this.#socket.writableLength <= this.#state.limits.queueBytesMax) return;
    this.#isOverrun = true;
    // Not here: its end is told to all, which may overrun the next one, and so on within one call.
    setImmediate(() => this.end('resource-constraint'));
  }

  end(condition: StreamError): void {
    if (this.#phase.name === 'ended') return;
    // RFC 6120 §4.9.1.2: an error before our header comes behind one all the same.
    const header = this.#headerSent ? '' : this.#header(undefined);
    const error = element('error', NS.stream, {}, element(condition, NS.streamErrors));
    this.#finish(`${header}${writeElement(error, this.#state.toolbox)}` as ByteString);
  }

  #read(chunk: Buffer): void {
    if (this.#phase.name === 'ended') return;
    const events: FramerEvent[] = [];
    const fault = this.#framer.push(chunk, events);
    this.#socket.cork();
    for (const event of events) this.#take(event);
    if (fault !== undefined) this.end(FAULTS[fault.code]);
    this.#socket.uncork();
  }

  #take(event: FramerEvent): void {
    switch (event.type) {
      case 'header':
        this.#takeHeader(event.header);
        break;
      case 'payload':
        this.#takePayload(event.payload);
        break;
      case 'end':
        this.#finish(EMPTY);
        break;
    }
  }

  #takeHeader(header: StreamHeader): void {
    if (this.#phase.name !== 'header') return;
    const { account } = this.#phase;
    const problem = problemOf(header, this.#state.name);
    if (problem !== undefined) {
      this.end(problem);
      return;
    }
    this.send(this.#header(account?.jid ?? header.from));
    this.#headerSent = true;
    const { toolbox, accounts } = this.#state;
    const features = account === undefined ? loginFeatures() : bindFeatures();
    this.#phase =
      account === undefined
        ? { name: 'login', sasl: new SaslLogin(accounts, toolbox) }
        : { name: 'bind', account };
    this.send(writeElement(features, toolbox));
  }

  #takePayload(payload: Payload): void {
    const phase = this.#phase;
    if (phase.name === 'login') this.#logIn(phase.sasl, payload);
    else if (phase.name === 'bind') this.#bind(phase.account, payload);
    else if (phase.name === 'bound') {
      const problem = take(this.#state, phase.session, payload);
      if (problem !== undefined) this.end(problem);
    }
  }

  #logIn(sasl: SaslLogin, payload: Payload): void {
    const reply = payload.namespace === NS.sasl ? sasl.take(payload) : undefined;
    if (reply === undefined) {
      // RFC 6120 §4.9.3.12
      this.end('not-authorized');
      return;
    }
    const account = reply.identity === undefined ? undefined : enter(this.#state, reply.identity);
    if (reply.identity !== undefined && account === undefined) {
      this.send(sasl.fail('temporary-auth-failure').bytes);
      this.#saslFailures += 1;
    } else {
      this.send(reply.bytes);
      if (reply.failed) this.#saslFailures += 1;
    }
    if (account !== undefined) this.#restart(account);
    else if (this.#saslFailures >= this.#state.limits.saslTriesMax) this.end('policy-violation');
  }

  #restart(account: Account): void {
    this.#account = account;
    this.#headerSent = false;
    this.#framer.reset();
    this.#phase = { name: 'header', account };
  }

  /** RFC 6120 §7: nothing but the binding before it. */
  #bind(account: Account, payload: Payload): void {
    const { toolbox } = this.#state;
    const stanza = readStanza(payload, toolbox);
    const request = stanza?.name === 'iq' ? insideOf(stanza, toolbox)[0] : undefined;
    if (stanza?.type !== 'set' || request?.namespace !== NS.bind || request.name !== 'bind') {
      this.end('not-authorized');
      return;
    }
    const session = isProperIq(this.#state, stanza) ? this.#bindAsAsked(account, request) : 'bad-request';
    if (typeof session === 'string') {
      const refusal = bounce(stanza, account.jid, session, toolbox);
      if (refusal !== undefined) this.send(refusal);
      return;
    }
    clearTimeout(this.#loginTimer);
    this.#phase = { name: 'bound', session };
    const bound = element('bind', NS.bind, {}, element('jid', NS.bind, {}, session.jid));
    this.send(iqResult(stanza, session.jid, toolbox, bound));
  }

  #bindAsAsked(account: Account, request: XmlElement): Session | StanzaError {
    const asked = request.children.find((child) => child.name === 'resource')?.text ?? '';
    if (asked !== '' && !isResource(asked)) return 'bad-request';
    const resource = asked === '' ? undefined : asked;
    return bindResource(this.#state, account, resource, this) ?? 'resource-constraint';
  }

  /** Our stream header (RFC 6120 §4.7), with a new id each time (§4.7.3). */
  #header(to: string | undefined): ByteString {
    const { name, toolbox } = this.#state;
    const id = randomBytes(16).toString('hex');
    const addresses = [
      attribute('from', name, toolbox),
      ascii(to === undefined ? '' : attribute('to', to, toolbox)),
    ];
    return ascii(
      `<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}' version='1.0'` +
        ` xml:lang='en' id='${id}'${addresses.join('')}>`,
    );
  }

  /** RFC 6120 §4.4: our end tag, then the connection, whether the client closes its side or not. */
  #finish(last: ByteString): void {
    if (this.#phase.name === 'ended') return;
    const ended = this.#headerSent || last !== '' ? `${last}</stream:stream>` : '';
    this.#leave();
    this.#socket.end(ended, 'latin1');
    setTimeout(() => this.#socket.destroy(), this.#state.limits.closeMs).unref();
  }

  #leave(): void {
    const phase = this.#phase;
    this.#phase = { name: 'ended' };
    clearTimeout(this.#loginTimer);
    if (phase.name === 'bound') leaveSession(this.#state, phase.session);
    if (this.#account !== undefined) leaveAccount(this.#state, this.#account);
    this.#account = undefined;
  }
}

/** RFC 6120 §4.7.1 (to) and §4.7.5 (version). */
function problemOf(header: StreamHeader, domain: string): StreamError | undefined {
  if (header.to === undefined || header.to === '') return 'improper-addressing';
  if (header.to.toLowerCase() !== domain) return 'host-unknown';
  return header.version === '1.0' ? undefined : 'unsupported-version';
}
