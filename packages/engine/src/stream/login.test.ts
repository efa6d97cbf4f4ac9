import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toolbox } from '../../../../tests/support/engine/session.ts';
import { ascii, instantOf, seconds } from '../kit/index.ts';
import { makeFramer, NS, type Payload, SERVER_XML_LIMITS } from '../wire/index.ts';
import {
  createStream,
  DEFAULT_STREAM_LIMITS,
  forward,
  KnownFeatures,
  linkData,
  linkUp,
  streamDeadline,
} from './index.ts';
import type { StreamWork } from './work.ts';

/** A stream whose server has offered mechanisms, by SASL and by SASL2; a client of WebSocket uses both itself. */
class Stage {
  readonly #management: 'boshd' | 'client';
  readonly #stream: ReturnType<typeof createStream>;

  constructor(
    offered: readonly string[],
    showExternal: boolean,
    management: 'boshd' | 'client',
    sasl2: boolean,
  ) {
    this.#management = management;
    const request = {
      domain: 'example.org',
      from: undefined,
      lang: undefined,
      version: '1.0',
      startTls: 'required',
      showExternal,
      route: undefined,
      resumeWithin: seconds(90),
    } as const;
    const limits = { ...DEFAULT_STREAM_LIMITS, streamManagement: management };
    this.#stream = createStream(request, limits, makeFramer(SERVER_XML_LIMITS, toolbox), instantOf(0));
    this.#do((turn) => linkUp(this.#stream, { isSecure: true, bindings: undefined, isHurried: false }, turn));
    const names = offered.map((name) => `<mechanism>${name}</mechanism>`).join('');
    const list = sasl2 ? `<authentication xmlns='${NS.sasl2}'>${names}</authentication>` : '';
    this.server(
      `<?xml version='1.0'?><stream:stream id='1' from='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='${NS.stream}'><stream:features><mechanisms xmlns='${NS.sasl}'>${names}</mechanisms>${list}</stream:features>`,
    );
  }

  #do(what: (turn: Parameters<typeof linkUp>[2]) => void): readonly StreamWork[] {
    const work: StreamWork[] = [];
    what({ now: instantOf(0), toolbox, work, events: [], features: new KnownFeatures() });
    return work;
  }

  get deadline(): number | undefined {
    return streamDeadline(this.#stream);
  }

  server(text: string): readonly StreamWork[] {
    return this.#do((turn) => linkData(this.#stream, Buffer.from(text), turn));
  }

  client(...payloads: readonly Payload[]): readonly StreamWork[] {
    return this.#do((turn) => forward(this.#stream, payloads, undefined, turn));
  }

  /** The answer of a server to a request, in the language that it was asked in. */
  answer(name: 'success' | 'failure' | 'challenge'): readonly StreamWork[] {
    const namespace = this.#management === 'client' ? NS.sasl2 : NS.sasl;
    return this.server(`<${name} xmlns='${namespace}'/>`);
  }
}

const request = (namespace: string, mechanism: string): Payload => {
  const name = namespace === NS.sasl ? 'auth' : 'authenticate';
  return { name, namespace, bytes: ascii(`<${name} xmlns='${namespace}' mechanism='${mechanism}'/>`) };
};

const step = (namespace: string, name: string): Payload => ({
  name,
  namespace,
  bytes: ascii(`<${name} xmlns='${namespace}'/>`),
});

const sent = (work: readonly StreamWork[]): string =>
  work.flatMap((item) => (item.type === 'send' ? [item.bytes] : [])).join('');

const delivered = (work: readonly StreamWork[]): string =>
  work
    .flatMap((item) => (item.type === 'deliver' ? item.payloads : []))
    .map(({ bytes }) => bytes)
    .join('');

const mechanism = fc.constantFrom(
  'PLAIN',
  'plain',
  'EXTERNAL',
  'External',
  'SCRAM-SHA-1',
  'SCRAM-SHA-1-PLUS',
  'HT-SHA-256-NONE',
  'HT-SHA-256-EXPR',
  ' PLAIN',
  '',
);

const isHidden = (name: string, showExternal: boolean): boolean =>
  /-PLUS$|-(EXPR|ENDP|UNIQ)$/.test(name) || (name === 'EXTERNAL' && !showExternal);

describe('a request to log in', () => {
  it('reaches the server if its mechanism was shown, and only then', () => {
    fc.assert(
      fc.property(
        fc.array(mechanism, { maxLength: 4 }),
        mechanism,
        fc.constantFrom(NS.sasl, NS.sasl2),
        fc.boolean(),
        fc.constantFrom('boshd', 'client'),
        fc.boolean(),
        (offered, asked, namespace, showExternal, management, hasSasl2) => {
          const work = new Stage(offered, showExternal, management, hasSasl2).client(
            request(namespace, asked),
          );
          const canUse = namespace === NS.sasl || (hasSasl2 && management === 'client');
          const names = offered.map((name) => name.trim());
          const isShown = canUse && names.includes(asked) && asked !== '' && !isHidden(asked, showExternal);
          // Where nothing can be used, the stream is over, and nothing goes to either side.
          const isOver = names.every((name) => name === '' || isHidden(name, showExternal));
          if (isOver) return;
          expect(sent(work) !== '').toBe(isShown);
          expect(delivered(work).includes('<invalid-mechanism')).toBe(!isShown);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('attempts to log in', () => {
  const happening = fc.constantFrom('ask', 'ask twice', 'respond', 'abort', 'challenge', 'failure');

  it.each(['boshd', 'client'] as const)(
    'are answered by the server one at a time, and each that fails or is given up is counted once: %s',
    (management) => {
      const namespace = management === 'client' ? NS.sasl2 : NS.sasl;
      fc.assert(
        fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
          const stage = new Stage(['PLAIN'], false, management, management === 'client');
          let asked = 0;
          let passed = 0;
          let refused = 0;
          let counted = 0;
          /** What the server is to do: the model of a server that drops an attempt for another. */
          let open: 'none' | 'server' | 'client' = 'none';
          const note = (work: readonly StreamWork[], requests: number): void => {
            const through = sent(work).split("mechanism='PLAIN'").length - 1;
            asked += requests;
            passed += through;
            refused += delivered(work).split('<malformed-request').length - 1;
            counted += work.filter(
              ({ type }) => type === 'login-failed' || type === 'login-abandoned',
            ).length;
            if (requests > 0) {
              expect(through).toBe(open === 'server' ? 0 : 1);
              open = 'server';
            }
            expect(counted).toBe(passed - (open === 'none' ? 0 : 1));
          };
          const one = request(namespace, 'PLAIN');
          for (const next of happenings) {
            if (next === 'ask') note(stage.client(one), 1);
            else if (next === 'ask twice') note(stage.client(one, one), 2);
            else if (next === 'respond' || next === 'abort') {
              note(stage.client(step(namespace, next === 'respond' ? 'response' : 'abort')), 0);
              if (open === 'client') open = 'server';
            } else if (open === 'server') {
              if (next === 'failure') open = 'none';
              else open = 'client';
              note(stage.answer(next), 0);
            }
          }
          expect(passed + refused).toBe(asked);
        }),
        { numRuns: 500 },
      );
    },
  );

  it('that succeed are not counted, and end what may be asked', () => {
    const stage = new Stage(['PLAIN'], false, 'client', true);
    stage.client(request(NS.sasl2, 'PLAIN'));
    expect(stage.answer('success').filter(({ type }) => type.startsWith('login-'))).toEqual([]);
    const bound = `<success xmlns='${NS.sasl2}'><bound xmlns='${NS.bind2}'/></success>`;
    expect(stage.server(bound).map(({ type }) => type)).toContain('logged-in');
    const work = stage.client(request(NS.sasl2, 'PLAIN'));
    expect(sent(work)).toBe('');
    expect(delivered(work)).toContain('<invalid-mechanism');
  });

  it('by a request of its own (XEP-0078) name no mechanism, whatever was tried before', () => {
    const stage = new Stage(['PLAIN'], false, 'boshd', false);
    stage.client(request(NS.sasl, 'PLAIN'));
    stage.answer('failure');
    const bytes = ascii(`<iq type='set' id='a'><query xmlns='${NS.legacyAuth}'/></iq>`);
    stage.client({ name: 'iq', namespace: NS.client, bytes });
    expect(stage.server("<iq type='result' id='a'/>")).toContainEqual({ type: 'logged-in', mechanism: '' });
  });

  it('by SASL2 wait for the features of after it, but not once the client is logged in', () => {
    const stage = new Stage(['PLAIN'], false, 'boshd', true);
    stage.client(request(NS.sasl, 'PLAIN'));
    stage.server(`<success xmlns='${NS.sasl2}'/>`);
    expect(stage.deadline).toBe(15_000);
    const bytes = ascii(`<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
    stage.client({ name: 'iq', namespace: NS.client, bytes });
    expect(stage.deadline).toBe(15_000);
    stage.server(`<iq type='result' id='b'><bind xmlns='${NS.bind}'/></iq>`);
    expect(stage.deadline).toBe(120_000);
  });
});
