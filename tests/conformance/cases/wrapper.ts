import { randomInt } from 'node:crypto';
import { type Case, judge } from '../case.ts';
import { describe, HTTPBIND } from '../client/reply.ts';
import { bodyText } from '../client/session.ts';
import type { Lab } from '../lab.ts';

interface Flaw {
  readonly name: string;
  readonly says: string;
  /** The XML of a creation request that is right but for the flaw. */
  readonly spoil: (attributes: Readonly<Record<string, string | number>>) => string;
}

const PAYLOAD = "<message xmlns='jabber:client'><body>hello</body></message>";

/** What a <body/> must not contain. */
const FLAWS: readonly Flaw[] = [
  { name: 'comment', says: 'an XML comment', spoil: (given) => bodyText(given, `<!-- a -->${PAYLOAD}`) },
  {
    name: 'instruction',
    says: 'a processing instruction',
    spoil: (given) => bodyText(given, `<?php echo 1 ?>${PAYLOAD}`),
  },
  { name: 'dtd', says: 'a document type declaration', spoil: (given) => `<!DOCTYPE body>${bodyText(given)}` },
  {
    name: 'internal-entity',
    says: 'a reference to an entity of its own making',
    spoil: (given) =>
      `<!DOCTYPE body [<!ENTITY a 'aaaa'>]>${bodyText(given, PAYLOAD.replace('hello', '&a;'))}`,
  },
  {
    name: 'undeclared-entity',
    says: 'a reference to an entity that XML does not predefine',
    spoil: (given) => bodyText(given, PAYLOAD.replace('hello', '&nbsp;')),
  },
  { name: 'character-data', says: 'text directly in <body/>', spoil: (given) => bodyText(given, 'hello') },
  {
    name: 'partial-element',
    says: 'an element without its end',
    spoil: (given) => bodyText(given, "<message xmlns='jabber:client'><body>hello</body>"),
  },
  {
    name: 'cut',
    says: 'a document that ends too early',
    spoil: (given) => bodyText(given, PAYLOAD).slice(0, -10),
  },
  { name: 'two-roots', says: 'two documents', spoil: (given) => `${bodyText(given)}${bodyText(given)}` },
  {
    name: 'twice-an-attribute',
    says: 'an attribute twice',
    spoil: (given) => bodyText(given).replace('<body ', "<body wait='5' "),
  },
  {
    name: 'undeclared-prefix',
    says: 'a prefix that is declared nowhere',
    spoil: (given) => bodyText(given, '<x:message/>'),
  },
  {
    name: 'wrong-root',
    says: 'another root than <body/>',
    spoil: (given) => bodyText(given).replace('<body', '<session'),
  },
  {
    name: 'wrong-namespace',
    says: 'a <body/> of another namespace',
    spoil: (given) => bodyText(given).replace(HTTPBIND, 'urn:example:other'),
  },
  { name: 'empty', says: 'nothing at all', spoil: () => '' },
  { name: 'no-xml', says: 'no XML', spoil: () => 'hello' },
];

export const wrapperCases: readonly Case[] = FLAWS.map(({ name, says, spoil }) => ({
  id: `wrapper.${name}`,
  clause: 'XEP-0124 §6',
  level: 'MUST NOT',
  says: `takes a request with ${says}`,
  run: (lab) => isRefused(lab, spoil),
}));

/** Nobody knows whether who sends nonsense is a legacy client, so both forms of a refusal are right (§17.1). */
async function isRefused(lab: Lab, spoil: Flaw['spoil']) {
  const { domain } = lab.endpoint;
  const rid = randomInt(2 ** 20, 2 ** 32);
  const given = { xmlns: HTTPBIND, rid, to: domain, wait: 10, hold: 1, ver: '1.11', 'xml:lang': 'en' };
  const reply = await lab.post(spoil(given)).reply;
  return judge(
    describe(reply),
    reply.body?.attributes.has('sid') === true && 'a session was made',
    reply.type !== 'terminate' &&
      (reply.status < 400 || reply.status > 499) &&
      'not refused in a way that can be read',
  );
}
