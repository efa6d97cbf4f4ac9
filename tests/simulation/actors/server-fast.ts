import { createHmac } from 'node:crypto';
import { NS } from '@boshd/engine/wire';
import { Broken } from '../checks/ledger.ts';

const TOKEN = 'secret-token:simulated';
const FAST = `<fast xmlns='${NS.fast}'><mechanism>HT-SHA-256-NONE</mechanism></fast>`;

const hash = (role: string): Buffer => createHmac('sha256', TOKEN).update(role).digest();

/** The server's side of SASL2 (XEP-0388) and FAST (XEP-0484), with one token for all. */
export class ServerFast {
  readonly #actor: string;
  /** <resume/> may stand inside of <authenticate/>. */
  readonly resumesInline: boolean;
  #count = 0;

  constructor(actor: string, resumesInline: boolean) {
    this.#actor = actor;
    this.resumesInline = resumesInline;
  }

  get feature(): string {
    const inline = this.resumesInline ? `<sm xmlns='${NS.streamManagement}'/>` : '';
    return `<authentication xmlns='${NS.sasl2}'><mechanism>PLAIN</mechanism><inline>${inline}${FAST}</inline></authentication>`;
  }

  /** What the client said, of which boshd made this. */
  saslOf(authenticate: string): string {
    const initial = /<initial-response>([^<]*)</.exec(authenticate)?.[1] ?? '';
    return `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${initial}</auth>`;
  }

  /** Success for a password, with a token. */
  readonly success =
    `<success xmlns='${NS.sasl2}'><authorization-identifier>juliet@example.org</authorization-identifier><token xmlns='${NS.fast}' token='${TOKEN}' expiry='2999-01-01T00:00:00Z'/></success>`;

  /** Success for the token, with what resumption says of itself. */
  welcome(authenticate: string, resumed: string): string {
    const message = Buffer.from(/<initial-response>([^<]*)</.exec(authenticate)?.[1] ?? '', 'base64');
    const right = Buffer.concat([Buffer.from('juliet\0'), hash('Initiator')]);
    const count = Number(/ count='(\d+)'/.exec(authenticate)?.[1]);
    if (!message.equals(right)) throw new Broken(this.#actor, 'the token is wrong');
    if (!(count > this.#count)) throw new Broken(this.#actor, `count ${count} after ${this.#count}`);
    this.#count = count;
    const answer = hash('Responder').toString('base64');
    return `<success xmlns='${NS.sasl2}'><additional-data>${answer}</additional-data><authorization-identifier>juliet@example.org</authorization-identifier>${resumed}</success>`;
  }
}
