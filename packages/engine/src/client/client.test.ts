import { describe, expect, it } from 'vitest';
import { instantOf, millis, seconds } from '../kit/index.ts';
import { BoshClient } from './client.ts';
import { type ClientOptions, PAGE_CLIENT_OPTIONS } from './options.ts';
import type { ClientInput, ClientWork } from './work.ts';

const BODY = "<body xmlns='http://jabber.org/protocol/httpbind'";
const CREATED = `${BODY} sid='s' wait='55' hold='1' requests='2' inactivity='90' maxpause='300' ver='1.11' ack='1' from='example.org'/>`;
const EMPTY = `${BODY}/>`;

/** A client, and what it is to do, in virtual time. */
class Bench {
  client: BoshClient;
  nowMs = 0;
  /** Exchanges under way, oldest first, with what they carry. */
  open: { readonly exchange: number; readonly body: string; readonly kind: string }[] = [];
  readonly seen: ClientWork[] = [];
  readonly #options: Partial<ClientOptions>;

  constructor(options: Partial<ClientOptions> = {}) {
    this.#options = { ...PAGE_CLIENT_OPTIONS, repeatJitter: 0, ...options };
    this.client = this.make();
    this.tell({ type: 'open' });
    this.reply(CREATED);
  }

  make(attached?: ConstructorParameters<typeof BoshClient>[2]): BoshClient {
    const toolbox = { randomBytes: (count: number) => new Uint8Array(count).fill(255) };
    return new BoshClient({ to: 'example.org', ...this.#options }, toolbox, attached);
  }

  tell(input: ClientInput): void {
    this.#do(this.client.handle(input, instantOf(this.nowMs)));
  }

  /** To the oldest exchange. */
  reply(text: string, status = 200, retryAfterMs?: number): void {
    const exchange = this.open.shift()?.exchange ?? 0;
    const retryAfter = retryAfterMs === undefined ? undefined : millis(retryAfterMs);
    this.tell({ type: 'reply', exchange, status, text, retryAfter });
  }

  fail(): void {
    this.tell({ type: 'failed', exchange: this.open.shift()?.exchange ?? 0 });
  }

  say(id: number): void {
    this.tell({ type: 'send', payloads: [{ id, xml: `<message xmlns='jabber:client' id='${id}'/>` }] });
  }

  /** Lets time pass, deadline by deadline. */
  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (let steps = 0; steps < 1000; steps += 1) {
      const { deadline } = this.client;
      if (deadline === undefined || deadline > end) break;
      this.nowMs = Math.max(this.nowMs, deadline);
      this.#do(this.client.advance(instantOf(this.nowMs)));
    }
    this.nowMs = end;
  }

  get end() {
    return this.seen.flatMap((work) => (work.type === 'closed' ? [work.end] : []))[0];
  }

  get sent(): readonly number[] {
    return this.seen.flatMap((work) => (work.type === 'sent' ? work.ids : []));
  }

  #do(works: readonly ClientWork[]): void {
    for (const work of works) {
      this.seen.push(work);
      if (work.type === 'request') this.open.push(work);
      if (work.type === 'abort') this.open = this.open.filter(({ exchange }) => exchange !== work.exchange);
    }
  }
}

const ridOf = (body = ''): number => Number(/ rid='(\d+)'/.exec(body)?.[1]);

describe('a request that is lost', () => {
  it('is repeated as it was, at once and then after 0.5, 1, 2, 3, 3 seconds', () => {
    const bench = new Bench();
    const [first] = bench.open;
    const waits: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      const lostAt = bench.nowMs;
      bench.fail();
      while (bench.open.length === 0) bench.pass(100);
      waits.push(bench.nowMs - lostAt);
      expect(bench.open[0]?.body).toBe(first?.body);
    }
    expect(waits).toEqual([0, 500, 1000, 2000, 3000, 3000]);
  });

  it('waits shorter by chance, so that a crowd does not come back at once', () => {
    const bench = new Bench({ repeatJitter: 0.5 });
    bench.fail();
    bench.fail();
    bench.pass(249);
    expect(bench.open).toHaveLength(0);
    bench.pass(1);
    expect(bench.open).toHaveLength(1);
  });

  it.each([
    [2000, 1999, 2000],
    [600_000, 59_999, 60_000],
  ])('obeys Retry-After %i ms, up to a minute', (retryAfterMs, tooEarlyMs, dueMs) => {
    const bench = new Bench();
    bench.reply('', 429, retryAfterMs);
    bench.pass(tooEarlyMs);
    expect(bench.open).toHaveLength(0);
    bench.pass(dueMs - tooEarlyMs);
    expect(bench.open).toHaveLength(1);
  });

  it('is given up when the manager must have ended the session, not before', () => {
    const bench = new Bench();
    bench.say(1);
    while (bench.end === undefined && bench.nowMs < 600_000) {
      while (bench.open.length > 0) bench.reply('<html/>', 502);
      bench.pass(100);
    }
    expect(bench.nowMs).toBeGreaterThan(140_000);
    expect(bench.nowMs).toBeLessThan(150_000);
    expect(bench.end).toMatchObject({ by: 'network', status: 502, inDoubt: [{ id: 1 }], unsent: [] });
  });
});

describe('what became of payloads', () => {
  it('is known by `ack` before their own request is answered', () => {
    const bench = new Bench();
    bench.say(1);
    const rid = ridOf(bench.open[1]?.body);
    expect(bench.sent).toEqual([]);
    bench.reply(`${BODY} ack='${rid}'/>`);
    expect(bench.sent).toEqual([1]);
    bench.reply(EMPTY);
    expect(bench.sent).toEqual([1]);
  });

  it('is asked for by an empty request where they are held alone', () => {
    const bench = new Bench();
    bench.tell({ type: 'pause', length: seconds(60) });
    bench.reply(EMPTY);
    bench.reply(EMPTY);
    bench.say(1);
    expect(bench.open).toHaveLength(1);
    bench.pass(500);
    expect(bench.open).toHaveLength(2);
    bench.reply(EMPTY);
    expect(bench.sent).toEqual([1]);
    bench.pass(5000);
    expect(bench.open).toHaveLength(1);
  });

  it('is told when the session ends', () => {
    const bench = new Bench();
    bench.say(1);
    bench.say(2);
    bench.reply(`${BODY} type='terminate' condition='item-not-found'/>`);
    expect(bench.end).toMatchObject({ by: 'manager', inDoubt: [{ id: 1 }], unsent: [{ id: 2 }] });
  });
});

describe('a page that goes away', () => {
  it('says goodbye in one request, although another one is lost', () => {
    const bench = new Bench();
    bench.say(1);
    bench.fail();
    bench.fail();
    bench.fail();
    bench.say(2);
    bench.open = [];
    bench.tell({ type: 'farewell' });
    expect(bench.open).toMatchObject([
      { kind: 'farewell', body: expect.stringContaining(" type='terminate'") },
    ]);
    expect(bench.open[0]?.body).toContain("id='2'");
    expect(bench.end).toMatchObject({ by: 'client', unsent: [] });
    expect(bench.client.deadline).toBeUndefined();
  });

  it('leaves behind what the next one needs: requests without a reply as they were, then what waits', () => {
    const bench = new Bench();
    bench.say(1);
    bench.say(2);
    const bodies = bench.open.map(({ body }) => body);
    const kept = JSON.parse(JSON.stringify(bench.client.snapshot));
    bench.client = bench.make(kept);
    bench.open = [];
    bench.tell({ type: 'open' });
    expect(bench.open.map(({ body }) => body)).toEqual(bodies);
    bench.reply(EMPTY);
    expect(ridOf(bench.open.at(-1)?.body)).toBe(ridOf(bodies.at(-1)) + 1);
    expect(bench.open.at(-1)?.body).toContain("id='2'");
  });
});

describe('a page that goes away for a moment', () => {
  it('pauses, beside the requests that are open, and the next page repeats the pause with them', () => {
    const bench = new Bench();
    bench.say(1);
    bench.tell({ type: 'leave', length: seconds(5) });
    expect(bench.open.map(({ kind }) => kind)).toEqual(['plain', 'plain', 'pause']);
    const [, , pause] = bench.open.map(({ body }) => body);
    expect(pause).toContain(" pause='5'");
    const bodies = bench.open.map(({ body }) => body);
    bench.client = bench.make(JSON.parse(JSON.stringify(bench.client.snapshot)));
    bench.open = [];
    bench.tell({ type: 'open' });
    bench.reply(EMPTY);
    bench.reply(EMPTY);
    bench.reply(EMPTY);
    expect(bench.seen.flatMap((work) => (work.type === 'request' ? [work.body] : []))).toEqual(
      expect.arrayContaining(bodies),
    );
    expect(bench.open).toMatchObject([{ kind: 'plain' }]);
    expect(ridOf(bench.open[0]?.body)).toBe(ridOf(pause) + 1);
  });

  it('leaves no pause behind that the next page would make', () => {
    const bench = new Bench();
    bench.fail();
    bench.fail();
    bench.tell({ type: 'leave', length: seconds(5) });
    expect(bench.open).toEqual([]);
    expect(bench.client.snapshot?.queue).toEqual([]);
  });
});

it('a device that wakes up repeats at once what is open, and what waits to be repeated', () => {
  const bench = new Bench();
  bench.fail();
  bench.fail();
  bench.fail();
  expect(bench.open).toHaveLength(0);
  bench.tell({ type: 'wake' });
  expect(bench.open).toHaveLength(1);
  const [before] = bench.open;
  bench.tell({ type: 'wake' });
  expect(bench.open).toMatchObject([{ body: before?.body }]);
  expect(bench.open[0]?.exchange).not.toBe(before?.exchange);
});

it('a device that slept for hours asks before it gives up', () => {
  const bench = new Bench();
  bench.nowMs += 10 * 3_600_000;
  bench.tell({ type: 'wake' });
  bench.fail();
  expect(bench.end).toBeUndefined();
  expect(bench.open).toHaveLength(1);
  bench.reply(`${BODY} type='terminate' condition='item-not-found'/>`);
  expect(bench.end).toMatchObject({ by: 'manager', condition: 'item-not-found' });
});
