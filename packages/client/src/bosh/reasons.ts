import type { ClientEnd } from '@boshd/engine/client';
import { ClientError, type ClientErrorCode } from '../errors.ts';

/** XEP-0124 §17.2: what a condition of the service means for the page. */
const BY_CONDITION: Readonly<Record<string, ClientErrorCode>> = {
  'host-gone': 'server-unreachable',
  'host-unknown': 'unknown-domain',
  'improper-addressing': 'unknown-domain',
  'policy-violation': 'policy-violation',
  'remote-connection-failed': 'server-unreachable',
  'remote-stream-error': 'stream-error',
  'see-other-uri': 'not-bosh',
  'system-shutdown': 'shut-down',
};

/** Why a BOSH session ended; undefined where the page asked for it. */
export function reasonOf(
  { by, condition, status }: Pick<ClientEnd, 'by' | 'condition' | 'status'>,
  url: string,
  retryAfterMs: number | undefined,
): ClientError | undefined {
  if (by === 'client') return undefined;
  // Before a session is there, an HTTP status may be a manager's of old, and is that of a web server much more often.
  if (by === 'network' || status !== undefined) return troubleOf(status ?? 0, url, retryAfterMs);
  const code = BY_CONDITION[condition ?? ''] ?? 'session-lost';
  return new ClientError(code, `the BOSH service ended the session: ${condition ?? 'no condition'}`, {
    condition,
  });
}

/** What an HTTP status says that is no BOSH reply; 0 for no answer, undefined for nothing wrong. */
export function troubleOf(
  status: number | undefined,
  url: string,
  retryAfterMs?: number,
): ClientError | undefined {
  if (status === undefined) return undefined;
  if (status === 0) {
    return new ClientError(
      'unreachable',
      `no answer from ${url}: no network, a wrong URL, or an origin that does not let this page in (CORS)`,
    );
  }
  const code = status === 401 || status === 403 ? 'forbidden' : isBusy(status) ? 'busy' : 'not-bosh';
  return new ClientError(code, `${url} answered with HTTP ${status}, which is no BOSH reply`, {
    status,
    retryAfterMs,
  });
}

function isBusy(status: number): boolean {
  return status === 429 || (status >= 500 && status <= 504);
}
