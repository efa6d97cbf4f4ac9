import { readXml, type XmlNode } from '@boshd/engine/client';
import type { ClientError } from '../errors.ts';
import { watchPage } from '../page/page.ts';
import {
  type Kept,
  Line,
  type LineOptions,
  type LineUser,
  type SessionState,
  type Store,
  sayGoodbye,
} from '../xmpp/line.ts';
import type { SessionLine } from '../xmpp/session.ts';
import { receivedError, receivedState, sentError, sentState, type TabMessage } from './messages.ts';

/** Numbers of stanzas that leaders took, as far back as one may still be asked for after a change of leaders. */
const TAKEN_MAX = 10_000;
/** So long the channel is kept for the last words. */
const FAREWELL_MS = 2000;
/** So often each tab looks how many others are there: one that crashed said no `bye`. */
const COUNT_EVERY_MS = 5000;

/**
 * One session for all tabs of a browser. The tab that gets a Web Lock leads: it has the session, and tells the others on a
 * BroadcastChannel what comes; they give it what they send. When it goes away, however that happens, the browser gives the
 * lock to another tab, which goes on with what the old leader told it, sid and rids included.
 *
 * No stanza twice: a leader says `taken` of each before it leaves. What was not taken is sent again to the new leader; what
 * was taken is in what the old leader kept, or was confirmed.
 */
export class SharedLine implements SessionLine {
  readonly #options: LineOptions;
  readonly #user: LineUser;
  readonly #channel: BroadcastChannel;
  readonly #lockName: string;
  #othersCount = 0;
  readonly #counting: ReturnType<typeof setInterval>;
  /** Whether another tab leads, as far as this one heard. */
  #isLed = false;
  /** Of this tab: without a word yet of what became of them. */
  readonly #pending = new Map<number, string>();
  readonly #taken = new Set<number>();
  readonly #unwatch: () => void;
  #state: SessionState = { name: 'connecting' };
  #kept: Kept | undefined;
  /** Of the tab that leads. */
  #line: Line | undefined;
  #unlock: (() => void) | undefined;
  #isOver = false;
  #isClosing = false;

  constructor(key: string, options: LineOptions, user: LineUser) {
    this.#options = options;
    this.#user = user;
    this.#lockName = `boshd leader ${key}`;
    this.#channel = new BroadcastChannel(`boshd ${key}`);
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#heard(data);
    this.#tell({ type: 'hello' });
    this.#unwatch = watchPage({
      wake: () => this.wake(),
      freeze: () => undefined,
      leave: () => this.#leave(),
      restore: () => location.reload(),
    });
    this.#stand();
    void this.#countOthers();
    this.#counting = setInterval(() => void this.#countOthers(), COUNT_EVERY_MS);
  }

  /** Browsers have both in secure contexts only. */
  static isPossible(): boolean {
    return typeof BroadcastChannel === 'function' && typeof navigator === 'object' && 'locks' in navigator;
  }

  get state(): SessionState {
    return this.#state;
  }

  send({ id, xml }: { readonly id: number; readonly xml: string }): void {
    this.#pending.set(id, xml);
    if (this.#line !== undefined) this.#take(id, xml);
    else this.#tell({ type: 'send', id, xml });
  }

  /** Signs out: for all tabs, since they are one session. */
  close(): void {
    this.#isClosing = true;
    if (this.#line !== undefined) this.#line.close();
    else this.#tell({ type: 'close' });
  }

  wake(): void {
    if (this.#line !== undefined) this.#line.wake();
    else this.#tell({ type: 'wake' });
  }

  /** Waits for its turn to lead. */
  #stand(): void {
    void navigator.locks.request(this.#lockName, () => {
      if (this.#isOver) return undefined;
      this.#lead();
      return new Promise<void>((unlock) => {
        this.#unlock = unlock;
      });
    });
  }

  /** Each tab that is there has the lock or waits for it, this one too. */
  async #countOthers(): Promise<void> {
    const { held = [], pending = [] } = await navigator.locks.query();
    const tabs = [...held, ...pending].filter(({ name }) => name === this.#lockName).length;
    this.#othersCount = Math.max(0, tabs - 1);
  }

  #lead(): void {
    const outstanding = this.#outstanding();
    const line = new Line(
      { ...this.#options, store: this.#store() },
      {
        stateChanged: (state) => this.#leaderState(state),
        received: (stanza) => this.#leaderReceived(stanza),
        sent: (id) => this.#settle({ type: 'sent', id }),
        failed: (id, reason) => this.#settle({ type: 'failed', id, reason: sentError(reason) }),
      },
    );
    this.#line = line;
    void line.open().then(() => {
      if (this.#isClosing) line.close();
    });
    this.#tell({ type: 'leads' });
    for (const [id, xml] of [...this.#pending]) this.#takeAgain(id, xml, outstanding);
  }

  /** Stanzas that the old leader took, and that nobody has confirmed. */
  #outstanding(): ReadonlySet<number> {
    const { unanswered = [], queue = [] } = this.#kept?.snapshot ?? {};
    const waiting = queue.flatMap((item) => (item.type === 'payload' ? [item] : []));
    const open = unanswered.filter(({ isReceived }) => !isReceived).flatMap(({ payloads }) => payloads);
    return new Set([...open, ...waiting].map(({ id }) => id));
  }

  #takeAgain(id: number, xml: string, outstanding = this.#outstanding()): void {
    if (!this.#taken.has(id)) this.#take(id, xml);
    // Taken and not outstanding: the old leader had the confirmation, and could not pass it on.
    else if (!outstanding.has(id)) this.#settle({ type: 'sent', id });
  }

  #take(id: number, xml: string): void {
    this.#note(id);
    this.#tell({ type: 'taken', id });
    this.#line?.send({ id, xml });
  }

  #note(id: number): void {
    this.#taken.add(id);
    for (const oldest of this.#taken) {
      if (this.#taken.size <= TAKEN_MAX) break;
      this.#taken.delete(oldest);
    }
  }

  /** Where the session is kept: in every tab, and for a reload of the only one where that is asked for. */
  #store(): Store {
    const own = this.#options.store;
    return {
      take: async () => this.#kept ?? (await own?.take()),
      save: (kept) => {
        this.#kept = kept;
        own?.save(kept);
        this.#tell({ type: 'kept', kept });
      },
      canHandOver: () => this.#othersCount > 0 || own?.canHandOver() === true,
      release: () => {
        // Another tab goes on: a reload of this one must not.
        if (this.#othersCount > 0) own?.save(undefined);
        own?.release();
      },
    };
  }

  #leaderState(state: SessionState): void {
    this.#become(state);
    this.#tell({ type: 'state', state: sentState(state) });
    if (state.name === 'ended') this.#end();
  }

  #leaderReceived(stanza: XmlNode): void {
    this.#tell({ type: 'stanza', xml: stanza.toString() });
    this.#user.received(stanza);
  }

  #settle(message: Extract<TabMessage, { type: 'sent' | 'failed' }>): void {
    this.#tell(message);
    this.#heardOf(message);
  }

  #heard(message: TabMessage): void {
    if (this.#isOver) return;
    if (message.type === 'hello') this.#greet();
    else if (message.type === 'bye') this.#parted(message.didLead);
    else if (this.#line !== undefined) this.#heardAsLeader(this.#line, message);
    else this.#heardFromLeader(message);
  }

  /** The browser may show its lock for a moment longer, so it is not asked. */
  #parted(didLead: boolean): void {
    this.#othersCount = Math.max(0, this.#othersCount - 1);
    if (didLead) this.#isLed = false;
  }

  #greet(): void {
    void this.#countOthers();
    if (this.#line === undefined) return;
    this.#tell({ type: 'kept', kept: this.#kept });
    this.#tell({ type: 'leads' });
    this.#tell({ type: 'state', state: sentState(this.#state) });
  }

  #heardAsLeader(line: Line, message: TabMessage): void {
    if (message.type === 'send') this.#takeAgain(message.id, message.xml);
    else if (message.type === 'close') line.close();
    else if (message.type === 'wake') line.wake();
  }

  #heardFromLeader(message: TabMessage): void {
    switch (message.type) {
      case 'leads':
        this.#isLed = true;
        if (this.#isClosing) this.#tell({ type: 'close' });
        for (const [id, xml] of this.#pending) this.#tell({ type: 'send', id, xml });
        break;
      case 'taken':
        this.#note(message.id);
        break;
      case 'sent':
      case 'failed':
        this.#heardOf(message);
        break;
      case 'stanza':
        this.#heardStanza(message.xml);
        break;
      case 'state':
        this.#become(receivedState(message.state));
        if (this.#state.name === 'ended') this.#end();
        break;
      case 'kept':
        this.#kept = message.kept;
        break;
    }
  }

  #heardStanza(text: string): void {
    const stanza = readXml(text);
    // Requests of others are the leader's to answer.
    const isRequest = stanza?.name === 'iq' && /^(?:get|set)$/.test(stanza.attributes['type'] ?? '');
    if (stanza !== undefined && !isRequest) this.#user.received(stanza);
  }

  #heardOf(message: Extract<TabMessage, { type: 'sent' | 'failed' }>): void {
    if (!this.#pending.delete(message.id)) return;
    if (message.type === 'sent') this.#user.sent(message.id);
    else this.#user.failed(message.id, receivedError(message.reason));
  }

  #become(state: SessionState): void {
    this.#state = state;
    this.#user.stateChanged(state);
  }

  /** This tab goes away: another one leads, or none is left, and the service is told. */
  #leave(): void {
    const isLast = this.#line === undefined && !this.#isLed && this.#othersCount === 0;
    if (isLast && this.#kept !== undefined) void sayGoodbye(this.#options, this.#kept);
    this.#isOver = true;
    this.#tell({ type: 'bye', didLead: this.#line !== undefined });
    this.#unlock?.();
  }

  #end(): void {
    this.#isOver = true;
    clearInterval(this.#counting);
    this.#unwatch();
    this.#failPending();
    this.#unlock?.();
    // What was just said is on its way still.
    setTimeout(() => this.#channel.close(), FAREWELL_MS);
  }

  #failPending(): void {
    if (this.#state.name !== 'ended') return;
    const reason: ClientError | undefined = this.#state.reason;
    for (const id of [...this.#pending.keys()]) {
      this.#heardOf({ type: 'failed', id, reason: { ...NOT_SENT, condition: reason?.condition } });
    }
  }

  #tell(message: TabMessage): void {
    this.#channel.postMessage(message);
  }
}

const NOT_SENT = { code: 'not-sent', message: 'the session is over', status: undefined } as const;
