import { child, type XmlElement } from '../../support/xmpp/xml.ts';
import { type Case, judge, pass } from '../case.ts';
import { authenticate, BIND, bind, isFeatures, SASL } from '../client/login.ts';
import { type BoshReply, describe, isGood, STREAMS } from '../client/reply.ts';
import type { Attributes, Session } from '../client/session.ts';
import { hasId, type Lab, ping } from '../lab.ts';

const XBOSH = 'urn:xmpp:xbosh';
const CLIENT = 'jabber:client';

export const xmppCases: readonly Case[] = [
  {
    id: 'xmpp.features',
    clause: 'XEP-0206 §4',
    level: 'SHOULD',
    says: 'gives the features of the server as soon as it has them',
    async run(lab) {
      const { reply, rounds } = await featuresOf(lab);
      const mechanisms = child(reply.payloads.find(isFeatures) ?? NOTHING, 'mechanisms', SASL)?.children
        .length;
      return judge(
        `${mechanisms} mechanisms ${rounds === 0 ? 'in the creation reply' : `in reply ${rounds + 1}`}`,
        mechanisms === undefined && 'no mechanisms',
        rounds > 1 && 'late',
      );
    },
  },
  {
    id: 'xmpp.stream-declared',
    clause: 'XEP-0206 §2',
    level: 'MUST',
    says: 'declares xmlns:stream on a <body/> with features',
    async run(lab) {
      const { reply } = await featuresOf(lab);
      const declared = reply.body?.attributes.get('xmlns:stream');
      return judge(declared ?? 'none', declared !== STREAMS && 'not declared');
    },
  },
  {
    id: 'xmpp.version',
    clause: 'XEP-0206 §4',
    level: 'SHOULD',
    says: "tells the server's version of XMPP",
    run: async (lab) => told(await featuresOf(lab), 'version', '1.0'),
  },
  {
    id: 'xmpp.version-higher',
    clause: 'XEP-0206 §3, RFC 6120 §4.7.5',
    level: 'need',
    says: 'serves clients of a later minor version of XMPP, here 1.1',
    async run(lab) {
      const { session, reply } = await featuresOf(lab, { 'xmpp:version': '1.1' });
      const body = session.created?.body ?? reply.body;
      const version = body?.attributes.get('xmpp:version');
      return judge(
        version ?? 'none',
        version !== undefined && !/^1\.[01]$/.test(version) && 'another version',
      );
    },
  },
  {
    id: 'xmpp.authid',
    clause: 'XEP-0206 §4',
    level: 'SHOULD',
    says: "tells the id of the server's stream, for log-ins by XEP-0078",
    async run(lab) {
      const { session, reply } = await featuresOf(lab);
      const authid = session.granted('authid') ?? reply.body?.attributes.get('authid');
      return judge(
        authid === undefined ? 'none' : `${authid.length} characters`,
        authid === undefined && 'no authid',
      );
    },
  },
  {
    id: 'xmpp.restartlogic',
    clause: 'XEP-0206 §4',
    level: 'MUST',
    says: 'says restartlogic, where it supports restarts',
    run: async (lab) => told(await featuresOf(lab), 'restartlogic', 'true', '1'),
  },
  {
    id: 'xmpp.no-tls',
    clause: 'XEP-0206 §2, §4',
    level: 'SHOULD NOT',
    says: 'offers STARTTLS or stream compression, which belong to HTTP here',
    async run(lab) {
      const { reply } = await featuresOf(lab);
      const names = reply.payloads.find(isFeatures)?.children.map(({ name }) => name) ?? [];
      const wrong = names.filter((name) => name === 'starttls' || name === 'compression');
      return judge(names.join(', '), wrong.length > 0 && `${wrong.join(' and ')} offered`);
    },
  },
  {
    id: 'xmpp.no-channel-binding',
    clause: 'clients',
    level: 'need',
    says: 'offers no mechanism that binds to the TLS of another connection',
    async run(lab) {
      const { reply } = await featuresOf(lab);
      const mechanisms =
        child(reply.payloads.find(isFeatures) ?? NOTHING, 'mechanisms', SASL)?.children ?? [];
      const names = mechanisms.map(({ text }) => text);
      return judge(names.join(', '), names.some((name) => name.endsWith('-PLUS')) && 'a -PLUS mechanism');
    },
  },
  {
    id: 'xmpp.sasl-failure',
    clause: 'XEP-0206 §2, §5',
    level: 'MUST',
    says: 'passes a SASL failure on as a payload; the session goes on',
    async run(lab) {
      const { session } = await featuresOf(lab);
      session.take(await session.ask(`<auth xmlns='${SASL}' mechanism='NONE-SUCH'/>`));
      const failure = await session.until('a SASL failure', ({ namespace }) => namespace === SASL);
      return judge(
        `<${failure.name}/> with <${failure.children[0]?.name}/>`,
        failure.name !== 'failure' && 'no failure',
      );
    },
  },
  {
    id: 'xmpp.restart',
    clause: 'XEP-0206 §5',
    level: 'MUST',
    says: 'opens a new stream at a restart and passes its features on, xmlns:stream declared',
    async run(lab) {
      const reply = await restarted(await authenticated(lab), {
        'xmlns:xmpp': XBOSH,
        'xmpp:restart': 'true',
      });
      const features = reply.payloads.find(isFeatures);
      return judge(
        describe(reply),
        (features === undefined || child(features, 'bind', BIND) === undefined) && 'no features with bind',
        reply.body?.attributes.get('xmlns:stream') !== STREAMS && 'xmlns:stream is not declared',
      );
    },
  },
  {
    id: 'xmpp.restart-namespace',
    clause: 'XEP-0206 §5',
    level: 'MUST',
    says: "knows the restart by its namespace, whatever its prefix, and the boolean also as '1'",
    async run(lab) {
      const reply = await restarted(await authenticated(lab), { 'xmlns:x': XBOSH, 'x:restart': '1' });
      return judge(describe(reply), !reply.payloads.some(isFeatures) && 'no features');
    },
  },
  {
    id: 'xmpp.restart-payload',
    clause: 'XEP-0206 §5',
    level: 'SHOULD',
    says: 'ignores a stanza in a restart request',
    async run(lab) {
      const session = await authenticated(lab, { wait: 2 });
      const iq = `<iq xmlns='${CLIENT}' type='set' id='inside'><bind xmlns='${BIND}'/></iq>`;
      const restart = { to: session.domain, 'xmlns:xmpp': XBOSH, 'xmpp:restart': 'true' };
      session.take(await session.ask(iq, restart));
      await session.until('the features', isFeatures);
      if (!session.ids.includes('inside')) session.take(await session.ask());
      const isDone = session.ids.includes('inside');
      return judge(isDone ? 'the stanza was answered' : 'ignored', isDone && 'not ignored');
    },
  },
  {
    id: 'xmpp.restart-optional',
    clause: 'clients',
    level: 'need',
    says: 'lets a client go on after SASL without a restart, as clients before XEP-0206 do',
    async run(lab) {
      const session = await authenticated(lab);
      await bind(session);
      return pass('bound');
    },
  },
  {
    id: 'xmpp.client-namespace',
    clause: 'XEP-0206 §2',
    level: 'SHOULD',
    says: 'gives stanzas in the namespace jabber:client',
    async run(lab) {
      const session = await lab.logIn();
      const { id, xml } = lab.message(session.jid);
      session.take(await session.ask(xml + ping(session, 'pinged')));
      const stanzas = [
        await session.until('the message', hasId(id)),
        await session.until('the result', hasId('pinged')),
      ];
      const wrong = stanzas.filter(({ namespace }) => namespace !== CLIENT);
      return judge(
        stanzas.map(({ namespace }) => namespace).join(', '),
        wrong.length > 0 && 'another namespace',
      );
    },
  },
  {
    id: 'xmpp.unqualified',
    clause: 'XEP-0206 §2',
    level: 'need',
    says: 'takes stanzas in the namespace of <body/> for those of jabber:client, as many clients send them',
    async run(lab) {
      const session = await lab.logIn();
      const { id, xml } = lab.message(session.jid);
      session.take(await session.ask(xml.replace(` xmlns='${CLIENT}'`, '')));
      const message = await session.until('the message', hasId(id));
      const namespace = child(message, 'body')?.namespace;
      return judge(
        `<body/> of "${namespace}"`,
        namespace !== CLIENT && 'its content is of another namespace',
      );
    },
  },
];

const NOTHING: XmlElement = { name: '', namespace: '', attributes: new Map(), children: [], text: '' };

interface Opened {
  readonly session: Session;
  /** The one with the features. */
  readonly reply: BoshReply;
  /** Replies before it. */
  readonly rounds: number;
}

async function featuresOf(lab: Lab, attributes: Attributes = {}): Promise<Opened> {
  const session = await lab.create(attributes);
  let reply = session.created;
  for (let rounds = 0; rounds < 5; rounds += 1) {
    if (reply === undefined || !isGood(reply)) break;
    if (reply.payloads.some(isFeatures)) return { session, reply, rounds };
    reply = await session.ask();
  }
  throw new Error(`no features: ${reply === undefined ? 'nothing' : describe(reply)}`);
}

/** Looks for an attribute of urn:xmpp:xbosh in the creation reply and in the one with the features. */
function told({ session, reply }: Opened, name: string, ...right: readonly string[]) {
  for (const { body } of [session.created ?? reply, reply]) {
    for (const [written, value] of body?.attributes ?? []) {
      const [prefix, local] = written.split(':');
      if (local !== name || body?.attributes.get(`xmlns:${prefix}`) !== XBOSH) continue;
      return judge(`${written}='${value}'`, !right.includes(value) && 'another value');
    }
  }
  return name === 'restartlogic'
    ? judge('none', 'restarts work, yet it is not said')
    : judge('none', 'not told');
}

/** A session after SASL <success/>. */
async function authenticated(lab: Lab, attributes: Attributes = {}): Promise<Session> {
  const { session, reply } = await featuresOf(lab, attributes);
  await authenticate(session, lab.endpoint.account, reply.payloads.find(isFeatures) ?? NOTHING);
  return session;
}

async function restarted(session: Session, attributes: Readonly<Record<string, string>>): Promise<BoshReply> {
  let reply = await session.ask('', { to: session.domain, 'xml:lang': 'en', ...attributes });
  for (let round = 0; round < 2 && isGood(reply) && reply.payloads.length === 0; round += 1)
    reply = await session.ask();
  return reply;
}
