import type { Socket } from 'node:net';
import { type ByteString, EMPTY } from '@boshd/engine/kit';
import {
  CLIENT_XML_LIMITS,
  type FramerEvent,
  makeFramer,
  NS,
  type Payload,
  readElement,
  type StanzaFramer,
  type StreamHeader,
  writeElement,
  type XmlElement,
} from '@boshd/engine/wire';
import type { Account } from '../domain/accounts.ts';
import { enter, leaveAccount } from '../domain/domain.ts';
import { isProperIq } from '../domain/iq.ts';
import { isResource } from '../domain/jid.ts';
import type { StreamError } from '../domain/session.ts';
import { bounce, element, insideOf, iqResult, readStanza, type StanzaError } from '../domain/stanza.ts';
import { type BoundStream, bindStream, type Carrier, refusal, type StreamState } from './bound.ts';
import { bindFeatures, loginFeatures } from './features.ts';
import { FAULTS, problemOf, streamHeader } from './header.ts';
import { SaslLogin } from './login.ts';
import { Sasl2Login } from './sasl2.ts';

/**
 * How far a stream has come (RFC 6120 §4.3). A header leads from `header` to `login`, or to `bind` when somebody has
 * logged in; log-in leads back to `header` (§6.4.6 restart) or, by SASL2, to `bind`; binding or resuming to `bound`, and
 * everything to `ended`.
 */
type Phase =
  | { readonly name: 'header'; readonly account: Account | undefined }
  | { readonly name: 'login'; readonly logins: Logins }
  | { readonly name: 'bind'; readonly account: Account }
  | { readonly name: 'bound'; readonly stream: BoundStream }
  | { readonly name: 'ended' };

interface Logins {
  readonly sasl: SaslLogin;
  readonly sasl2: Sasl2Login;
}

/** One client's TCP connection: its streams from header to end. */
export class Connection implements Carrier {
  readonly #state: StreamState;
  readonly #socket: Socket;
  readonly #framer: StanzaFramer;
  readonly #loginTimer: NodeJS.Timeout;
  #phase: Phase = { name: 'header', account: undefined };
  #account: Account | undefined;
  #headerSent = false;
  #isOverrun = false;
  #saslFailures = 0;

  constructor(state: StreamState, socket: Socket) {
    this.#state = state;
    this.#socket = socket;
    this.#framer = makeFramer(CLIENT_XML_LIMITS, state.toolbox);
    this.#loginTimer = setTimeout(() => this.end('connection-timeout'), state.limits.loginMs);
    socket.on('data', (chunk) => this.#read(chunk));
    // The client's half is closed: that is no end of the stream, but nothing will come any more.
    socket.on('end', () => this.#finish(EMPTY, true));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#leave(true));
  }

  send(bytes: ByteString): void {
    if (this.#phase.name === 'ended') return;
    this.#socket.write(bytes, 'latin1');
    if (this.#isOverrun || this.#socket.writableLength <= this.#state.limits.queueBytesMax) return;
    this.#isOverrun = true;
    // Not here: its end is told to all, which may overrun the next one, and so on within one call.
    setImmediate(() => this.end('resource-constraint'));
  }

  end(condition: StreamError, detail?: XmlElement): void {
    if (this.#phase.name === 'ended') return;
    // RFC 6120 §4.9.1.2: an error before our header comes behind one all the same.
    const { name, toolbox } = this.#state;
    const header = this.#headerSent ? '' : streamHeader(name, undefined, toolbox);
    const details = detail === undefined ? [] : [detail];
    const error = element('error', NS.stream, {}, element(condition, NS.streamErrors), ...details);
    this.#finish(`${header}${writeElement(error, toolbox)}` as ByteString, false);
  }

  #read(chunk: Buffer): void {
    if (this.#phase.name === 'ended') return;
    const events: FramerEvent[] = [];
    const fault = this.#framer.push(chunk, events);
    this.#socket.cork();
    for (const event of events) this.#take(event);
    // A client that sends what cannot be passed on hears it at once, and not at its end.
    const unreadable = fault ?? this.#framer.skipping;
    if (unreadable !== undefined) this.end(FAULTS[unreadable.code]);
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
      case 'skipped':
        this.end(FAULTS[event.skipped.fault.code]);
        break;
      case 'end':
        this.#finish(EMPTY, false);
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
    const { name, toolbox, accounts, limits } = this.#state;
    this.send(streamHeader(name, account?.jid ?? header.from, toolbox));
    this.#headerSent = true;
    const sasl = new SaslLogin(accounts, toolbox);
    const sasl2 = new Sasl2Login(accounts, limits, toolbox);
    this.#phase =
      account === undefined ? { name: 'login', logins: { sasl, sasl2 } } : { name: 'bind', account };
    this.#write(account === undefined ? loginFeatures() : bindFeatures());
  }

  #takePayload(payload: Payload): void {
    const phase = this.#phase;
    if (phase.name === 'login') this.#logIn(phase.logins, payload);
    else if (phase.name === 'bind') this.#bind(phase.account, payload);
    else if (phase.name === 'bound') {
      const fault = phase.stream.take(payload);
      if (fault !== undefined) this.end(fault.condition, fault.detail);
    }
  }

  #logIn(logins: Logins, payload: Payload): void {
    const login =
      payload.namespace === NS.sasl ? logins.sasl : payload.namespace === NS.sasl2 ? logins.sasl2 : undefined;
    const reply = login?.take(payload);
    if (login === undefined || reply === undefined) {
      // RFC 6120 §4.9.3.12
      this.end('not-authorized');
      return;
    }
    const account = reply.identity === undefined ? undefined : enter(this.#state, reply.identity);
    if (reply.identity !== undefined && account === undefined) {
      this.send(login.fail('temporary-auth-failure').bytes);
      this.#saslFailures += 1;
    } else {
      this.send(reply.bytes);
      if (reply.failed) this.#saslFailures += 1;
    }
    if (account !== undefined && login === logins.sasl2) this.#welcome(account, logins.sasl2);
    else if (account !== undefined) this.#restart(account);
    else if (this.#saslFailures >= this.#state.limits.saslTriesMax) this.end('policy-violation');
  }

  #restart(account: Account): void {
    this.#account = account;
    this.#headerSent = false;
    this.#framer.reset();
    this.#phase = { name: 'header', account };
  }

  /** After SASL2 there is no restart: the features follow (XEP-0388 §2.6.1), or a stream goes on (XEP-0198 §9.2). */
  #welcome(account: Account, login: Sasl2Login): void {
    this.#account = account;
    this.#phase = { name: 'bind', account };
    const { resume } = login;
    const found = resume === undefined ? undefined : this.#resume(account, resume);
    if (this.#isEnded()) return;
    if (found !== undefined && found.stream !== undefined) {
      this.send(login.success(account, found.stream.session.jid, found.answer));
      found.stream.sendAgain();
      return;
    }
    const answers = found === undefined ? [] : [found.answer];
    this.send(login.success(account, account.jid, ...answers));
    this.#write(bindFeatures());
  }

  /** RFC 6120 §7: nothing but the binding before it, or taking up a stream (XEP-0198 §5). */
  #bind(account: Account, payload: Payload): void {
    const { toolbox } = this.#state;
    if (payload.namespace === NS.streamManagement) {
      this.#takeUp(account, payload);
      return;
    }
    const stanza = readStanza(payload, toolbox);
    const request = stanza?.name === 'iq' ? insideOf(stanza, toolbox)[0] : undefined;
    if (stanza?.type !== 'set' || request?.namespace !== NS.bind || request.name !== 'bind') {
      this.end('not-authorized');
      return;
    }
    const stream = isProperIq(this.#state, stanza) ? this.#bindAsAsked(account, request) : 'bad-request';
    if (typeof stream === 'string') {
      const refused = bounce(stanza, account.jid, stream, toolbox);
      if (refused !== undefined) this.send(refused);
      return;
    }
    this.#becomeBound(stream);
    const { jid } = stream.session;
    const bound = element('bind', NS.bind, {}, element('jid', NS.bind, {}, jid));
    this.send(iqResult(stanza, jid, toolbox, bound));
  }

  #bindAsAsked(account: Account, request: XmlElement): BoundStream | StanzaError {
    const asked = request.children.find((child) => child.name === 'resource')?.text ?? '';
    if (asked !== '' && !isResource(asked)) return 'bad-request';
    const resource = asked === '' ? undefined : asked;
    return bindStream(this.#state, account, resource, this) ?? 'resource-constraint';
  }

  /** Stream management instead of the binding: only `<resume/>` has a place there. */
  #takeUp(account: Account, payload: Payload): void {
    if (payload.name !== 'resume') {
      this.#write(refusal('unexpected-request'));
      return;
    }
    const { stream, answer } = this.#resume(account, readElement(payload.bytes, this.#state.toolbox));
    if (this.#isEnded()) return;
    this.#write(answer);
    stream?.sendAgain();
  }

  /** Takes up the stream that `<resume/>` names, if there is one of that account; the answer is the caller's to send. */
  #resume(
    account: Account,
    { attributes }: XmlElement,
  ): { readonly stream: BoundStream | undefined; readonly answer: XmlElement } {
    const stream = this.#state.resumable.get(attributes.get('previd') ?? '');
    if (stream === undefined || stream.session.account !== account) {
      return { stream: undefined, answer: refusal('item-not-found') };
    }
    const answer = stream.takeOver(this);
    this.#becomeBound(stream);
    const fault = stream.acknowledge(attributes.get('h'));
    if (fault !== undefined) this.end(fault.condition, fault.detail);
    return { stream, answer };
  }

  #becomeBound(stream: BoundStream): void {
    clearTimeout(this.#loginTimer);
    this.#phase = { name: 'bound', stream };
  }

  /** A function, so that the compiler does not hold on to the phase from before. */
  #isEnded(): boolean {
    return this.#phase.name === 'ended';
  }

  #write(tree: XmlElement): void {
    this.send(writeElement(tree, this.#state.toolbox));
  }

  /** RFC 6120 §4.4: our end tag, then the connection, whether the client closes its side or not. */
  #finish(last: ByteString, isLost: boolean): void {
    if (this.#phase.name === 'ended') return;
    const ended = this.#headerSent || last !== '' ? `${last}</stream:stream>` : '';
    this.#leave(isLost);
    this.#socket.end(ended, 'latin1');
    setTimeout(() => this.#socket.destroy(), this.#state.limits.closeMs).unref();
  }

  /** `isLost`: nobody has said goodbye, and the stream may be resumed. */
  #leave(isLost: boolean): void {
    const phase = this.#phase;
    this.#phase = { name: 'ended' };
    clearTimeout(this.#loginTimer);
    if (phase.name === 'bound') phase.stream.leave(this, isLost);
    if (this.#account !== undefined) leaveAccount(this.#state, this.#account);
    this.#account = undefined;
  }
}
