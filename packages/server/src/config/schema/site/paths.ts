import { fault, ok, type Result } from '@boshd/engine/kit';

/** Answered by boshd itself, so no BOSH path may be one of them. */
const RESERVED_PATHS = new Set(['/', '/healthz', '/readyz', '/metrics']);

export function parsePath(input: string): Result<string, string> {
  const path = input.length > 1 ? input.replace(/\/$/, '') : input;
  if (RESERVED_PATHS.has(path)) return fault('is a path that boshd answers itself');
  return /^(?:\/[\w.~-]+)+$/.test(path) ? ok(path) : fault('is not a plain path');
}
