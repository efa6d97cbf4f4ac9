import { ClientError, type ClientErrorCode, isClientErrorCode } from './errors.ts';

/** Who is to be logged in, and where boshd takes the order. */
export interface PrebindOptions {
  /** Where boshd listens for it: `http://127.0.0.1:5279/prebind` of its admin listener, or the path of a site. */
  readonly url: string;
  /** The site's secret, where `url` is not of the admin listener. */
  readonly secret?: string;
  /** The user's address; with `anonymous` the domain alone. */
  readonly jid: string;
  readonly password?: string;
  /** An OAuth 2.0 access token in place of a password (SASL OAUTHBEARER). */
  readonly token?: string;
  /** A guest without an account (SASL ANONYMOUS). */
  readonly anonymous?: boolean;
  /** The last part of the full address. Default: the server chooses; it must differ from that of other pages. */
  readonly resource?: string;
  /** The site of boshd that the page is of. Default `default`, or that of the secret. */
  readonly site?: string;
}

/** A session that is logged in, for a page to go on with. */
export interface Prebound {
  /** The full address. */
  readonly jid: string;
  readonly sid: string;
  /** Of the page's first request. */
  readonly rid: number;
  /** When the session ends unless a page has claimed it (ISO 8601). */
  readonly expires: string;
  /** For `Set-Cookie`, where the session is bound to a cookie (`prebind.cookie`). */
  readonly cookie?: string;
}

/**
 * Has boshd make a session and log it in, so that a page chats without a password. For a web application in Node; rejects with
 * a `ClientError`.
 *
 * @example
 * const { jid, sid, rid } = await prebind({ url: 'http://127.0.0.1:5279/prebind', jid: 'juliet@example.org', password });
 */
export async function prebind({ url, secret, ...order }: PrebindOptions): Promise<Prebound> {
  const authorization = secret === undefined ? {} : { Authorization: `Bearer ${secret}` };
  let response: Response;
  try {
    const headers = { 'Content-Type': 'application/json', ...authorization };
    response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(order), redirect: 'error' });
  } catch (cause) {
    throw new ClientError('unreachable', `no answer from ${url}`, { cause });
  }
  const { status } = response;
  const answer: unknown = await response.json().catch(() => undefined);
  const textOf = (name: string): string | undefined => {
    const value: unknown = Reflect.get(Object(answer), name);
    return typeof value === 'string' ? value : undefined;
  };
  const [jid, sid, expires, cookie] = ['jid', 'sid', 'expires', 'cookie'].map(textOf);
  const rid: unknown = Reflect.get(Object(answer), 'rid');
  if (!response.ok) {
    const code = codeOf(textOf('error'), status);
    const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
    const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
    throw new ClientError(code, textOf('text') ?? `${url} answered with HTTP ${status}`, {
      status,
      retryAfterMs,
    });
  }
  if (jid === undefined || sid === undefined || expires === undefined || typeof rid !== 'number')
    throw new ClientError('not-bosh', `${url} answered with no session`, { status });
  return { jid, sid, rid, expires, ...(cookie === undefined ? {} : { cookie }) };
}

function codeOf(told: string | undefined, status: number): ClientErrorCode {
  if (told !== undefined && isClientErrorCode(told)) return told;
  return status === 403 ? 'forbidden' : 'not-bosh';
}
