import type { Instant, Toolbox } from '@boshd/engine/kit';
import type {
  ForgetOutput,
  Input,
  KeepOutput,
  Kept,
  LinkId,
  ManagerConfig,
  Output,
} from '@boshd/engine/manager';
import { RecordCodec, type SessionRecord } from '@boshd/engine/record';
import { Broken } from '../checks/ledger.ts';

/** What is kept beside the limits of a session: a record of fixed size, the last chunk of a link, a reply of a stanza. */
const SLACK_BYTES = 256 * 1024;

const ENABLE = /<enable xmlns='urn:xmpp:sm:3'[^>]*>/;
const STANZA = /<(?:message|iq|presence)[ />]/g;

type LinkDown = Extract<Input, { type: 'link-down' }>;

interface KeptSession {
  readonly output: KeepOutput;
  readonly record: SessionRecord;
  readonly at: Instant;
}

/**
 * Keeps the records of sessions and the bytes of their servers, as the process does that owns the links; unlike it, it looks into the
 * records, and throws `Broken` when one is against what the engine promises of them (docs/testing.md).
 */
export class Anchor {
  readonly #codec: RecordCodec;
  readonly #config: ManagerConfig;
  readonly #kept = new Map<string, KeptSession>();
  /** Bytes of each link, from an offset on. */
  readonly #links = new Map<LinkId, { from: number; bytes: Buffer }>();
  readonly #down = new Map<LinkId, LinkDown>();
  /** Sessions that have ended. */
  readonly #forgotten = new Set<string>();
  /** Stanzas that went to the server of a link from its <enable/> on. */
  readonly #sent = new Map<LinkId, number>();
  lastLink: LinkId = 0;
  /** Records that were written. */
  records = 0;

  constructor(config: ManagerConfig, toolbox: Toolbox) {
    this.#config = config;
    this.#codec = new RecordCodec(toolbox);
  }

  /** Nothing is secret here. */
  get vault(): NonNullable<ManagerConfig['survival']>['vault'] {
    return { seal: (plain) => plain, open: (sealed) => sealed };
  }

  has(link: LinkId): boolean {
    return [...this.#kept.values()].some(({ output }) => output.link === link);
  }

  /** What is known of the requests of the session of an address. */
  knownOf(address: string): KnownRids | undefined {
    for (const { record } of this.#kept.values()) {
      const { lastRid, answered } = record.session;
      if (record.birth.address === address) return { lastRid, answered: answered.map(({ rid }) => rid) };
    }
    return undefined;
  }

  /** The next process is told, too, where a record names the link. */
  wentDown(input: LinkDown): void {
    this.#down.set(input.link, input);
  }

  isDown(link: LinkId): boolean {
    return this.#down.has(link);
  }

  downLinks(): readonly LinkDown[] {
    return [...this.#down.values()].filter(({ link }) => this.has(link));
  }

  /** Bytes of a server, before anybody else sees them. */
  received(link: LinkId, bytes: Uint8Array): void {
    const known = this.#links.get(link) ?? { from: 0, bytes: Buffer.alloc(0) };
    this.#links.set(link, { from: known.from, bytes: Buffer.concat([known.bytes, bytes]) });
  }

  /**
   * The frame of a turn came whole. `ridOf`: the rid and sid of a request that is answered.
   */
  frame(outputs: readonly Output[], now: Instant, asked: (request: number) => Asked | undefined): void {
    for (const output of outputs) {
      if (output.type === 'keep') this.#keep(output, now);
      else if (output.type === 'forget') this.#forget(output);
      else if (output.type === 'dial') this.lastLink = Math.max(this.lastLink, output.link);
      else if (output.type === 'respond') this.#mustBeSafe(asked(output.request), output.reply.body);
      else if (output.type === 'send') this.#send(output.link, output.bytes);
    }
    for (const output of outputs) if (output.type === 'keep') this.#mustCountSent(output);
  }

  /** What another process is given. */
  all(now: Instant): readonly Kept[] {
    return [...this.#kept].map(([sid, { output, at }]) => {
      const { record, link, base } = output;
      const held = link === undefined ? undefined : this.#links.get(link);
      const bytes =
        held === undefined ? new Uint8Array(0) : Uint8Array.from(held.bytes.subarray(base - held.from));
      return { sid, record, link, bytes, base, ageMs: now - at };
    });
  }

  #keep(output: KeepOutput, at: Instant): void {
    const { sid, link, base } = output;
    const read = this.#codec.read(output.record);
    if (!read.ok) throw new Broken('', `a record cannot be read: ${read.fault.detail}`);
    const record = read.value;
    this.records += 1;
    this.#kept.set(sid, { output, record, at });
    const held = link === undefined ? undefined : this.#links.get(link);
    if (held !== undefined) {
      if (base < held.from) throw new Broken(record.birth.address, `base ${base} after ${held.from}`);
      held.bytes = held.bytes.subarray(base - held.from);
      held.from = base;
    }
    this.#check(record, output, held?.bytes.length ?? 0);
  }

  #check({ birth, session, stream }: SessionRecord, { record }: KeepOutput, bytes: number): void {
    const broken = (what: string) => new Broken(birth.address, what);
    const { given, confirmed } = session;
    const received = stream?.received ?? given;
    if (confirmed > given || given > received)
      throw broken(`${confirmed} of ${given} of ${received} stanzas`);
    const { told = 0, uncounted = 0, isEnabled = false } = stream?.management ?? {};
    const settled = Math.max(stream?.confirmed ?? 0, stream?.owned ?? 0);
    if (isEnabled && told > Math.max(0, settled - uncounted))
      throw broken(`h is ${told}, of ${settled} settled`);
    const { queueBytesMax } = this.#config.session;
    const most = 8 * queueBytesMax + SLACK_BYTES;
    if (record.length + bytes > most) throw broken(`${record.length} + ${bytes} bytes are kept`);
  }

  #forget({ sid }: ForgetOutput): void {
    this.#forgotten.add(sid);
    if (!this.#kept.delete(sid)) throw new Broken('', 'a record is forgotten that is not there');
  }

  /** No reply leaves before the record has it. */
  #mustBeSafe(asked: Asked | undefined, body: string): void {
    if (asked === undefined || / type='(?:error|terminate)'/.test(body)) return;
    const sid = asked.sid ?? / sid='([^']*)'/.exec(body)?.[1] ?? '';
    const kept = this.#kept.get(sid);
    if (kept === undefined && this.#forgotten.has(sid)) return;
    if (kept === undefined) throw new Broken(asked.address, `rid ${asked.rid} is answered without a record`);
    const { answered } = kept.record.session;
    if (!answered.some(({ rid }) => rid === asked.rid))
      throw new Broken(asked.address, `rid ${asked.rid} is answered, and its record has no reply`);
  }

  #send(link: LinkId, bytes: string): void {
    this.#mustBeTold(link, bytes);
    const [before = '', enabled] = bytes.split(ENABLE);
    const known = enabled === undefined ? this.#sent.get(link) : 0;
    const stanzas = (enabled ?? before).match(STANZA)?.length ?? 0;
    if (known !== undefined) this.#sent.set(link, known + stanzas);
  }

  /** A record knows of every stanza that its turn sends, made by the client or by the manager, and of no other. */
  #mustCountSent({ sid, link }: KeepOutput): void {
    const record = this.#kept.get(sid)?.record;
    const sent = link === undefined ? undefined : this.#sent.get(link);
    const counted = record?.stream?.management?.sent;
    if (sent !== undefined && counted !== undefined && sent !== counted)
      throw new Broken(
        record?.birth.address ?? '',
        `${sent} stanzas were sent, and ${counted} in the record`,
      );
  }

  /** No h leaves before the record has it. */
  #mustBeTold(link: LinkId, bytes: string): void {
    const h = /<a xmlns='urn:xmpp:sm:3' h='(\d+)'/.exec(bytes)?.[1];
    const kept = [...this.#kept.values()].find(({ output }) => output.link === link);
    if (h === undefined || kept === undefined) return;
    const told = kept.record.stream?.management?.told ?? 0;
    if (told < Number(h)) throw new Broken(kept.record.birth.address, `h is ${h}, and ${told} in the record`);
  }
}

/** The last rid that was received in order, and those that were answered. */
export interface KnownRids {
  readonly lastRid: number;
  readonly answered: readonly number[];
}

/** Who made a request. */
export interface Asked {
  readonly rid: number;
  readonly sid: string | undefined;
  readonly address: string;
}
