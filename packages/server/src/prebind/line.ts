import { randomInt } from 'node:crypto';
import { ClientError, Login, reasonOf } from '@boshd/client/login';
import { escapeAttribute, readReply, type XmlNode } from '@boshd/engine/client';
import type { Toolbox } from '@boshd/engine/kit';
import type { Reply, RequestId } from '@boshd/engine/manager';
import { CLIENT_XML_LIMITS, type DecodedBody, NS, readRequest } from '@boshd/engine/wire';

/** How the requests of a line get to the connection manager. */
export interface LineDoor {
  /** Submits a request; its reply comes to `replied`. */
  submit(line: LoginLine, body: DecodedBody): RequestId;
  /** Nobody waits for the reply any more. */
  hangUp(request: RequestId, sid: string | undefined): void;
}

/** Far enough below 2^53 that no session counts to its end (XEP-0124 §14.1). */
const FIRST_RID_MAX = 2 ** 47;
/** What the page will hold and wait, whatever its library: what boshd grants by itself. */
const TERMS = "ver='1.6' wait='55' hold='1'";
const XMPP = "xmlns:xmpp='urn:xmpp:xbosh'";

/**
 * A BOSH session without HTTP: the log-in of the client package on one end, the connection manager of this process on the other.
 * One request at a time, and none once the log-in is done, so that the page's request is the next one.
 */
export class LoginLine {
  readonly login: Login;
  readonly #door: LineDoor;
  readonly #toolbox: Toolbox;
  readonly #to: string;
  readonly #queue: string[] = [];
  #rid: number;
  #sid: string | undefined;
  #open: RequestId | undefined;
  #isClosed = false;

  constructor(door: LineDoor, to: string, toolbox: Toolbox) {
    this.#door = door;
    this.#toolbox = toolbox;
    this.#to = `to='${escapeAttribute(to)}'`;
    this.#rid = randomInt(1, FIRST_RID_MAX);
    this.login = new Login({
      send: (node) => this.#send(node),
      restart: () => this.#request(`${this.#to} xmpp:restart='true' ${XMPP}`),
      wait: () => {
        if (this.#open === undefined && this.#sid !== undefined) this.#request('');
      },
    });
  }

  /** Creates the session. */
  create(): void {
    this.#request(`${this.#to} xml:lang='en' ${TERMS} xmpp:version='1.0' ${XMPP}`);
  }

  /** What the page goes on with, once it is logged in. */
  handOver(): { readonly sid: string; readonly rid: number } {
    this.#isClosed = true;
    this.#hangUp();
    return { sid: this.#sid ?? '', rid: this.#rid };
  }

  /** Gives up: the session is of no use. */
  end(): void {
    if (this.#isClosed) return;
    if (this.#sid !== undefined) this.#request("type='terminate'");
    else this.#hangUp();
    this.#isClosed = true;
  }

  /** The reply to the open request. */
  replied({ status, body, retryAfterSeconds }: Reply): void {
    this.#open = undefined;
    if (this.#isClosed) return;
    const retryAfterMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
    if (status === 503) {
      this.#fail(new ClientError('busy', 'boshd takes no new sessions at the moment', { retryAfterMs }));
      return;
    }
    const reply = readReply(status, Buffer.from(body, 'latin1').toString('utf8'), false);
    if (!reply.ok || reply.value.type === 'error') {
      this.#fail(new ClientError('session-lost', `boshd answered with HTTP ${status}`));
      return;
    }
    const { type, condition, terms, payloads } = reply.value;
    this.#sid ??= terms?.sid;
    if (type === 'terminate') {
      const reason = reasonOf({ by: 'manager', condition, status: undefined }, 'boshd', undefined);
      const busy = new ClientError('busy', 'there are as many sessions as there may be', { retryAfterMs });
      this.#fail((retryAfterMs === undefined ? reason : busy) ?? busy);
      return;
    }
    for (const { node } of payloads) this.login.take(node);
    const next = this.#queue.shift();
    if (next !== undefined) this.#request('', next);
    else if (payloads.length === 0) this.#request('');
  }

  #fail(reason: ClientError): void {
    this.#isClosed = true;
    this.login.fail(reason);
  }

  #send(node: XmlNode): void {
    if (this.#open === undefined) this.#request('', node.toString());
    else this.#queue.push(node.toString());
  }

  #request(attributes: string, payload = ''): void {
    if (this.#isClosed) return;
    const sid = this.#sid === undefined ? '' : `sid='${this.#sid}' `;
    const text = `<body rid='${this.#rid}' ${sid}${attributes} xmlns='${NS.httpbind}'>${payload}</body>`;
    const decoded = readRequest(Buffer.from(text), CLIENT_XML_LIMITS, this.#toolbox);
    if (!decoded.ok) {
      this.#fail(new ClientError('not-xml', decoded.fault.code));
      return;
    }
    this.#rid += 1;
    this.#open = this.#door.submit(this, decoded.value);
  }

  #hangUp(): void {
    if (this.#open !== undefined) this.#door.hangUp(this.#open, this.#sid);
    this.#open = undefined;
  }
}
