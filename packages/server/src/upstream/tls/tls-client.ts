import { isIP, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import type { DialPlan, TlsVersion } from '@boshd/engine/site';
import { hostName } from '../discovery/host-name.ts';
import { Recent } from '../kit/recent.ts';
import { openTls, type SocketOwner } from '../kit/sockets.ts';
import { checkCertificate } from './certificate-names.ts';

/** XEP-0368 §3. */
const ALPN_PROTOCOLS = ['xmpp-client'];
/**
 * X25519 first and alone of its kind: OpenSSL 3.5 (Node 24) would add a post-quantum share of a kilobyte to every hello, at a
 * third more CPU for a handshake.
 */
const CURVES = 'X25519:P-256:P-384:P-521';

/** OpenSSL 3 speaks the old versions only at its security level 0, which allows weak keys and hashes too. */
const VERSIONS: Readonly<Record<TlsVersion, SecureContextOptions>> = {
  'insecure-1.0': { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
  'insecure-1.1': { minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
  '1.2': { minVersion: 'TLSv1.2' },
  '1.3': { minVersion: 'TLSv1.3' },
};

/** Sessions take 1 to 3 KB each. */
const SESSIONS_MAX = 500;
/** A resumed session is not verified again, so it must not outlive an expired certificate for long. */
const SESSION_KEEP_MS = 3_600_000;

export interface TlsWish {
  /** The XMPP domain as A-labels or an IP literal: sent as SNI, and the certificate must be for it. */
  readonly host: string;
  /** False: any certificate is taken. */
  readonly verify: boolean;
  /** PEM of authorities to trust instead of the client's own; undefined: those. */
  readonly ca: string | undefined;
  readonly tlsMin: TlsVersion;
  /** TLS from the first byte: says which protocol is wanted (ALPN). */
  readonly isDirect: boolean;
}

/** What a plan wants of TLS. */
export function tlsWish({ domain, verify, ca, tlsMin }: DialPlan, isDirect: boolean): TlsWish {
  return { host: hostName(domain) ?? domain, verify, ca, tlsMin, isDirect };
}

/** Whom to trust: one context for all links of the same trust, and the sessions of domains met lately. */
interface Trust {
  readonly context: SecureContext;
  readonly sessions: Recent<Buffer>;
}

/**
 * The client's end of TLS for all links. Contexts are shared, for one of its own costs a link 19 KB and a third more CPU.
 */
export class TlsClient {
  readonly #ca: readonly string[] | undefined;
  readonly #nowMs: () => number;
  /** By the oldest version and the plan's authorities; as many as the operator's overrides name. */
  readonly #trusts = new Map<string, Trust>();

  /** @param ca authorities as PEM; undefined: the platform's */
  constructor(ca: readonly string[] | undefined, nowMs: () => number) {
    this.#ca = ca;
    this.#nowMs = nowMs;
  }

  /** Begins the handshake on a connected socket; `owner` hears of its end. */
  open(socket: Socket, wish: TlsWish, owner: SocketOwner): TLSSocket {
    const { context, sessions } = this.#trust(wish);
    // A session made without verification must never stand in for a verification.
    const session = wish.verify ? sessions.get(wish.host) : undefined;
    const secure = openTls(socket, optionsOf(wish, context, session), owner);
    if (wish.verify) rememberSession(secure, wish.host, sessions);
    return secure;
  }

  #trust({ ca, tlsMin }: TlsWish): Trust {
    const key = `${tlsMin} ${ca ?? ''}`;
    const known = this.#trusts.get(key);
    if (known !== undefined) return known;
    const authorities = ca === undefined ? this.#ca : [ca];
    const context = createSecureContext({
      ...VERSIONS[tlsMin],
      ecdhCurve: CURVES,
      ...(authorities !== undefined && { ca: [...authorities] }),
    });
    const trust = { context, sessions: new Recent<Buffer>(SESSIONS_MAX, SESSION_KEEP_MS, this.#nowMs) };
    this.#trusts.set(key, trust);
    return trust;
  }
}

function optionsOf(wish: TlsWish, context: SecureContext, session: Buffer | undefined): ConnectionOptions {
  return {
    secureContext: context,
    host: wish.host,
    rejectUnauthorized: wish.verify,
    checkServerIdentity: checkCertificate,
    // RFC 6066 §3: no address literals in SNI.
    ...(isIP(wish.host) === 0 && { servername: wish.host }),
    ...(wish.isDirect && { ALPNProtocols: ALPN_PROTOCOLS }),
    ...(session !== undefined && { session }),
  };
}

/**
 * Node reports a session only when the certificate was accepted, also where the ticket came with the handshake (TLS 1.2).
 * That matters, for the name is not checked again when the session is resumed.
 */
function rememberSession(socket: TLSSocket, host: string, sessions: Recent<Buffer>): void {
  socket.once('session', (session) => sessions.set(host, session));
}
