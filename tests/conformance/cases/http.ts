import { randomInt } from 'node:crypto';
import { deflateSync, gzipSync } from 'node:zlib';
import { child } from '../../support/xmpp/xml.ts';
import { type Case, judge, notDone, notOffered, pass } from '../case.ts';
import { exchange, rawExchange } from '../client/http.ts';
import { type BoshReply, describe, HTTPBIND, isGood } from '../client/reply.ts';
import { bodyText } from '../client/session.ts';
import { hasId, type Lab, PROMPT_MS, ping } from '../lab.ts';

const PAGE = 'https://page.example';

export const httpCases: readonly Case[] = [
  {
    id: 'http.content-length',
    clause: 'XEP-0124 §5',
    level: 'SHOULD NOT',
    says: 'answers in chunks',
    async run(lab) {
      const { headers } = await (await lab.logIn()).ask('', { type: 'terminate' });
      const length = headers['content-length'];
      return judge(
        length === undefined ? 'no Content-Length' : `Content-Length ${length}`,
        headers['transfer-encoding'] !== undefined && 'chunked',
        length === undefined && 'where a reply ends is not told',
      );
    },
  },
  {
    id: 'http.chunked-request',
    clause: 'XEP-0124 §5, RFC 2616 §3.6.1',
    level: 'MUST',
    says: 'understands a request in chunks',
    async run(lab) {
      const reply = await lab.post(creation(lab), { chunked: true }).reply;
      return judge(describe(reply), !isSession(reply) && 'no session');
    },
  },
  {
    id: 'http.content-type',
    clause: 'XEP-0124 §5',
    level: 'SHOULD',
    says: 'ignores the Content-Type of requests',
    async run(lab) {
      const types = [
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/octet-stream',
        undefined,
      ];
      const replies = await Promise.all(
        types.map((type) => lab.post(creation(lab), { headers: { 'content-type': type } }).reply),
      );
      const refused = types.filter((_, index) => !isSession(replies[index]));
      const seen = replies.map(describe).join(', ');
      return judge(
        seen,
        refused.length > 0 && `refused: ${refused.map((type) => type ?? 'none').join(', ')}`,
      );
    },
  },
  {
    id: 'http.unknown-header',
    clause: 'XEP-0124 §5',
    level: 'SHOULD',
    says: 'ignores headers that it does not know',
    async run(lab) {
      const headers = { 'x-something': 'else', pragma: 'no-cache', 'x-requested-with': 'XMLHttpRequest' };
      const reply = await lab.post(creation(lab), { headers }).reply;
      return judge(describe(reply), !isSession(reply) && 'no session');
    },
  },
  {
    id: 'http.compressed-reply',
    clause: 'XEP-0124 §5',
    level: 'MAY',
    says: 'compresses replies to clients that accept it',
    async run(lab) {
      const session = lab.session();
      session.how = { headers: { 'accept-encoding': 'gzip, deflate' } };
      await lab.logIn({}, session);
      const coding = (await session.ask(ping(session))).headers['content-encoding'];
      return coding === undefined ? notDone('not compressed') : pass(coding);
    },
  },
  {
    id: 'http.compressed-request',
    clause: 'XEP-0124 §7.2',
    level: 'MUST',
    says: 'decompresses requests in the encodings that it listed in accept',
    run: compressedRequests,
  },
  {
    id: 'http.charset',
    clause: 'XEP-0124 §7.2',
    level: 'MAY',
    says: 'converts a request from the encoding that its Content-Type names, here ISO-8859-1',
    async run(lab) {
      const session = await lab.logIn();
      const { id, xml } = lab.message(session.jid, 'café');
      const { sid, rid } = session;
      const text = bodyText({ xmlns: HTTPBIND, sid, rid: rid + 1 }, xml);
      session.rid += 1;
      const how = { headers: { 'content-type': 'text/xml; charset=iso-8859-1' } };
      const reply = await session.post(Buffer.from(text, 'latin1'), how).reply;
      if (!isGood(reply)) return notDone(describe(reply));
      session.take(reply);
      const echo = await session.until('the message', hasId(id));
      const came = child(echo, 'body')?.text ?? '';
      return came === 'café' ? pass('converted') : notDone(`came as ${JSON.stringify(came)}`);
    },
  },
  {
    id: 'http.version-1.0',
    clause: 'XEP-0124 §2',
    level: 'need',
    says: 'serves HTTP/1.0 clients',
    async run(lab) {
      const { url } = lab.endpoint;
      const content = creation(lab, 2);
      const head = `POST ${url.pathname} HTTP/1.0\r\nHost: ${url.host}\r\nContent-Type: text/xml\r\nContent-Length: ${Buffer.byteLength(content)}\r\n\r\n`;
      const reply = await rawExchange(url, head + content, PROMPT_MS * 2);
      return judge(
        reply.slice(0, reply.indexOf('\r\n')),
        !/^HTTP\/1\.[01] 200 /.test(reply) && 'not 200',
        !/ sid=/.test(reply) && 'no session',
        /^transfer-encoding:/im.test(reply) && 'chunked, which HTTP/1.0 does not know',
      );
    },
  },
  {
    id: 'http.head',
    clause: 'RFC 2616 §9.4',
    level: 'need',
    says: 'answers HEAD as GET, without content',
    async run(lab) {
      const [get, head] = await Promise.all(
        ['GET', 'HEAD'].map((method) => exchange(lab.endpoint.url, { method }).reply),
      );
      return judge(
        `GET ${get?.status}, HEAD ${head?.status}`,
        get?.status !== head?.status && 'not the same',
        head?.text !== '' && 'content',
        (get?.status ?? 500) >= 500 && 'an error of the server',
      );
    },
  },
  {
    id: 'http.get',
    clause: 'clients',
    level: 'need',
    says: 'answers a person who opens the URL with a page',
    async run(lab) {
      const { status, text } = await exchange(lab.endpoint.url, { method: 'GET' }).reply;
      return judge(
        `HTTP ${status}, ${text.length} characters`,
        status !== 200 && 'not 200',
        text === '' && 'empty',
      );
    },
  },
  {
    id: 'http.script',
    clause: 'XEP-0252 §2',
    level: 'MAY',
    says: 'serves the script syntax: a <body/> in the query of a GET, answered as a call of _BOSH_',
    async run(lab) {
      const url = new URL(`${lab.endpoint.url.href}?${encodeURIComponent(creation(lab))}`);
      const { status, headers, text } = await exchange(url, { method: 'GET' }).reply;
      if (!text.startsWith('_BOSH_(')) return notOffered(`HTTP ${status}, ${headers['content-type']}`);
      return judge(text.slice(0, 40), !/ sid=/.test(text) && 'no session');
    },
  },
  {
    id: 'http.method',
    clause: 'RFC 2616 §10.4.6',
    level: 'need',
    says: 'refuses methods that it does not know',
    async run(lab) {
      const reply = await lab.post(creation(lab), { method: 'PUT' }).reply;
      return judge(
        `HTTP ${reply.status}`,
        reply.body?.attributes.has('sid') === true && 'a session was made',
        (reply.status < 400 || reply.status === 500) && 'not refused',
      );
    },
  },
  {
    id: 'http.preflight',
    clause: 'Fetch §3.2',
    level: 'need',
    says: 'lets pages of other origins in by CORS: the preflight',
    async run(lab) {
      const headers = {
        origin: PAGE,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      };
      const { status, headers: got } = await exchange(lab.endpoint.url, { method: 'OPTIONS', headers }).reply;
      const origin = got['access-control-allow-origin'];
      if (origin === undefined) return notOffered(`HTTP ${status}, no Access-Control-Allow-Origin`);
      const allowed = got['access-control-allow-headers'] ?? '';
      return judge(
        `HTTP ${status}, ${origin}, headers ${allowed || 'none'}`,
        (status < 200 || status > 299) && 'not 2xx',
        origin !== '*' && origin !== PAGE && 'another origin',
        !/content-type|\*/i.test(allowed) && 'text/xml can not be sent',
      );
    },
  },
  {
    id: 'http.cors',
    clause: 'Fetch §3.2',
    level: 'need',
    says: 'lets pages of other origins in by CORS: every reply, refusals too',
    async run(lab) {
      const headers = { origin: PAGE };
      const texts = [creation(lab), bodyText({ xmlns: HTTPBIND, rid: 5, sid: 'nobody' }), '<nonsense>'];
      const replies = await Promise.all(texts.map((text) => lab.post(text, { headers }).reply));
      const origins = replies.map((reply) => reply.headers['access-control-allow-origin'] ?? 'none');
      if (origins.every((origin) => origin === 'none')) return notOffered(origins.join(', '));
      return judge(
        origins.join(', '),
        origins.some((origin) => origin !== '*' && origin !== PAGE) && 'not on every reply',
      );
    },
  },
];

/** A right creation request. */
function creation(lab: Lab, wait = 10): string {
  const rid = randomInt(2 ** 20, 2 ** 32);
  const to = lab.endpoint.domain;
  return bodyText({ xmlns: HTTPBIND, rid, to, wait, hold: 1, ver: '1.11', 'xml:lang': 'en' });
}

function isSession(reply: BoshReply | undefined): boolean {
  return reply !== undefined && isGood(reply) && reply.body?.attributes.has('sid') === true;
}

async function compressedRequests(lab: Lab) {
  const session = await lab.logIn();
  const listed = (session.granted('accept') ?? '').split(',').map((coding) => coding.trim());
  const known = [
    { coding: 'gzip', compress: gzipSync },
    { coding: 'deflate', compress: deflateSync },
  ].filter(({ coding }) => listed.includes(coding));
  if (known.length === 0) return notOffered('no accept');
  const results: string[] = [];
  for (const { coding, compress } of known) {
    session.rid += 1;
    const text = bodyText({ xmlns: HTTPBIND, sid: session.sid, rid: session.rid }, ping(session, coding));
    const how = { headers: { 'content-encoding': coding } };
    const reply = await session.post(compress(Buffer.from(text)), how).reply;
    if (!isGood(reply)) return judge(describe(reply), `${coding} was refused`);
    session.take(reply);
    await session.until(`the answer to a request in ${coding}`, hasId(coding));
    results.push(coding);
  }
  return pass(results.join(', '));
}
