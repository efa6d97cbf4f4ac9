import { type Case, judge, untried } from '../case.ts';
import { type BoshReply, describe, HTTPBIND, isGood, isTerminal, STREAMS } from '../client/reply.ts';
import { bodyText, type Session } from '../client/session.ts';
import { type Lab, PROMPT_MS, ping } from '../lab.ts';

export const errorCases: readonly Case[] = [
  {
    id: 'errors.unknown-sid',
    clause: 'XEP-0124 §17.2',
    level: 'SHOULD',
    says: 'answers item-not-found, in a <body/>, to a sid that it does not know',
    async run(lab) {
      const reply = await lab.post(bodyText({ xmlns: HTTPBIND, rid: 1000, sid: 'nobody-has-this-sid' }))
        .reply;
      return judge(describe(reply), !isTerminal(reply, 'item-not-found') && 'not so');
    },
  },
  {
    id: 'errors.bad-request',
    clause: 'XEP-0124 §17.2',
    level: 'SHOULD',
    says: 'answers bad-request, in a <body/>, to a request that is not well-formed',
    async run(lab) {
      const reply = await lab.post(`<body xmlns='${HTTPBIND}' rid='5' to='${lab.endpoint.domain}'`).reply;
      return judge(describe(reply), !isTerminal(reply, 'bad-request') && 'not so');
    },
  },
  {
    id: 'errors.legacy-session',
    clause: 'XEP-0124 §17.1',
    level: 'MUST',
    says: 'serves a legacy client, one without ver',
    async run(lab) {
      const session = await lab.logIn({ ver: undefined });
      const reply = await session.ask(ping(session));
      return judge(describe(reply), !isGood(reply) && 'not served');
    },
  },
  {
    id: 'errors.legacy-status',
    clause: 'XEP-0124 §17.1, §17.2',
    level: 'SHOULD',
    says: 'answers a legacy client with HTTP 404 in place of item-not-found',
    async run(lab) {
      const reply = await (await lab.logIn({ ver: undefined })).at(1).reply;
      return judge(describe(reply), reply.status !== 404 && 'not HTTP 404');
    },
  },
  {
    id: 'errors.modern-status',
    clause: 'XEP-0124 §17.1',
    level: 'SHOULD NOT',
    says: 'answers a client with ver by HTTP errors',
    async run(lab) {
      const session = await lab.logIn();
      const reply = await session.at(session.rid + 1000).reply;
      return judge(describe(reply), reply.status !== 200 && 'an HTTP error');
    },
  },
  {
    id: 'errors.stream-error',
    clause: 'XEP-0124 §17.2, XEP-0206 §2, §6',
    level: 'MUST',
    says: 'passes a stream error on in a terminate with remote-stream-error, xmlns:stream declared',
    async run(lab) {
      const end = await streamError(lab);
      if (end === undefined) return untried('no stream error could be provoked');
      const error = end.payloads.find(({ name, namespace }) => name === 'error' && namespace === STREAMS);
      return judge(
        `${describe(end)}${error === undefined ? '' : ` with <${error.children[0]?.name}/>`}`,
        !isTerminal(end, 'remote-stream-error') && 'not remote-stream-error',
        error === undefined && 'no copy of the error',
        end.payloads.at(-1) !== error && 'something stands behind the error',
        end.body?.attributes.get('xmlns:stream') !== STREAMS && 'xmlns:stream is not on <body/>',
      );
    },
  },
  {
    id: 'errors.after-stream-error',
    clause: 'XEP-0124 §17.2',
    level: 'MUST',
    says: 'has ended the session with the stream error',
    async run(lab) {
      const session = await lab.logIn();
      const end = await provoke(lab, session);
      if (end === undefined) return untried('no stream error could be provoked');
      const after = await session.ask(ping(session));
      return judge(describe(after), isGood(after) && 'the session lives');
    },
  },
];

/** No server knows what to do with such a stanza (RFC 6120 §4.9.3.24, unsupported-stanza-type). */
const NO_STANZA = "<stanza xmlns='urn:example:no-stanza'/>";

async function provoke(lab: Lab, session: Session): Promise<BoshReply | undefined> {
  const poll = session.open();
  await lab.pause(300);
  const pending = [poll, session.open({}, NO_STANZA)];
  for (const each of pending) {
    const reply = await each.within(PROMPT_MS);
    if (reply !== undefined && !isGood(reply)) return reply;
  }
  return undefined;
}

async function streamError(lab: Lab): Promise<BoshReply | undefined> {
  return provoke(lab, await lab.logIn());
}
