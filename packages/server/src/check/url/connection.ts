import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { TlsFacts } from '../report/report.ts';
import { tlsFacts } from '../report/tls-facts.ts';
import type { Around } from './around.ts';

const CONNECT_MAX_MS = 10_000;
/** As for XMPP servers: whoever comes to this has a renewal that does not work. */
const DAYS_LEFT_MIN = 14;

/** Whether a client gets a connection at all; its certificate, and whether HTTP/2 is spoken on it. */
export async function checkConnection(
  around: Around,
  ca: string | undefined,
): Promise<{ readonly connected: boolean; readonly tls: TlsFacts | undefined }> {
  const { url } = around;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!(await resolved(around, host))) return { connected: false, tls: undefined };
  const isSecure = url.protocol === 'https:';
  const port = Number(url.port || (isSecure ? 443 : 80));
  const startedMs = performance.now();
  const opened = await (isSecure ? openTls(host, port, ca) : openTcp(host, port));
  const tookMs = performance.now() - startedMs;
  if (typeof opened === 'string') {
    around.found('connection', 'unreachable', tookMs, `${host}:${port}: ${opened}`);
    return { connected: false, tls: undefined };
  }
  const tls = 'authorized' in opened ? judgeTls(around, opened, tookMs) : undefined;
  if (tls === undefined) judgePlain(around, host, tookMs);
  opened.destroy();
  return { connected: true, tls };
}

async function resolved(around: Around, host: string): Promise<boolean> {
  if (isIP(host) !== 0) return true;
  const startedMs = performance.now();
  try {
    const addresses = await lookup(host, { all: true });
    const text = addresses.map(({ address }) => address).join(', ');
    around.good('DNS', performance.now() - startedMs, text);
    return true;
  } catch (error) {
    const code = String(Reflect.get(Object(error), 'code') ?? error);
    around.found('DNS', 'host-unknown', performance.now() - startedMs, `${host} has no address (${code})`);
    return false;
  }
}

function openTcp(host: string, port: number): Promise<Socket | string> {
  return ready(connectTcp({ host, port }), 'connect');
}

function openTls(host: string, port: number, ca: string | undefined): Promise<TLSSocket | string> {
  return ready(
    connectTls({
      host,
      port,
      // RFC 6066 §3: no address is a server name.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
      ALPNProtocols: ['h2', 'http/1.1'],
      // Looked at below: what else is wrong is worth to be known too.
      rejectUnauthorized: false,
    }),
    'secureConnect',
  );
}

function ready<Opened extends Socket>(socket: Opened, event: string): Promise<Opened | string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => failed('no answer'), CONNECT_MAX_MS);
    const failed = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    socket.on('error', (error: NodeJS.ErrnoException) => failed(error.code ?? error.message));
    socket.once(event, () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

function judgeTls(around: Around, socket: TLSSocket, tookMs: number): TlsFacts {
  const facts = tlsFacts(socket);
  const { certificate, version, alpn = 'http/1.1' } = facts;
  const text = `${version}, ${alpn}, certificate until ${certificate.validTo.slice(0, 10)}`;
  if (!socket.authorized) {
    // Node gives its code here, as a text or, for a wrong name, as an error.
    const error: unknown = socket.authorizationError;
    const code = String(Reflect.get(Object(error), 'code') ?? error);
    const names = certificate.names.join(', ') || certificate.subject;
    around.found('TLS', 'certificate', tookMs, `${code}; for ${names}, by ${certificate.issuer}`);
  } else if (certificate.daysLeft < DAYS_LEFT_MIN) {
    around.found('TLS', 'certificate-ends', tookMs, `the certificate ends in ${certificate.daysLeft} days`);
  } else {
    around.good('TLS', tookMs, text);
  }
  if (alpn === 'h2') around.good('HTTP/2', undefined, 'all tabs of a browser share one connection');
  else around.found('HTTP/2', 'http1-only', undefined, 'the server does not speak HTTP/2');
  return facts;
}

function judgePlain(around: Around, host: string, tookMs: number): void {
  const isLoopback = /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(host);
  if (isLoopback) around.good('connection', tookMs, 'http, to this machine itself');
  else around.found('connection', 'plain-http', tookMs, 'the URL is http, without TLS');
}
