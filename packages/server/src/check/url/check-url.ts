import { Around } from './around.ts';
import { checkConnection } from './connection.ts';
import { asker } from './exchange.ts';
import { checkGreeting, checkHostMeta, checkOrigins } from './pages.ts';
import { checkSession } from './session.ts';
import type { UrlReport } from './url-report.ts';
import { checkWebSocket } from './websocket.ts';

interface UrlWishes {
  /** The XMPP domain to ask for a session to. */
  readonly domain: string;
  /** Seconds that a poll is asked to hang. */
  readonly waitSeconds: number;
  /** The page, of another origin, whose rights are asked for. */
  readonly origin: string;
  /** Certificates of an authority of one's own, PEM. */
  readonly ca: string | undefined;
  readonly progress: (text: string) => void;
}

/**
 * Does what browsers do at a BOSH URL, without an account: connection, certificate, the pages beside it, a session, two requests
 * at once, a poll for as long as it may hang. What is on the way shows in how that goes.
 */
export async function checkUrl(url: URL, wishes: UrlWishes): Promise<UrlReport> {
  const { ask, agents, close } = asker();
  const around = new Around(url, ask);
  let wait: UrlReport['wait'] = { granted: undefined, held: undefined, advised: undefined };
  const { connected, tls } = await checkConnection(around, wishes.ca);
  if (connected && (await checkGreeting(around))) {
    await checkOrigins(around, wishes.origin);
    const named = await checkHostMeta(around);
    await checkWebSocket(around, named, agents);
    wait = await checkSession(around, wishes);
  }
  close();
  const { findings, steps, server } = around;
  return {
    url: url.href,
    server,
    steps,
    tls,
    wait,
    findings,
    works: findings.every(({ level }) => level !== 'problem'),
  };
}
