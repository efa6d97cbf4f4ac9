import { judgeOrigin, type OriginClaim, type OriginPolicy, originPolicy } from '@boshd/engine/site';
import { FrontError } from '../errors.ts';
import type { CorsOptions } from '../options.ts';
import { type HeaderLines, ReplyHeaders } from './headers.ts';

/** What scripts of other origins may set; no other header means anything to boshd. */
const ALLOWED_HEADERS = ['Content-Type', 'Accept-Encoding'];

/** A day; browsers cap it at two hours or more. Each preflight saved is half of the requests of a short chat. */
const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

/** CORS as the Fetch standard wants it, decided once for each origin that is allowed. */
export class Cors {
  /** For replies to requests that name no foreign origin, and to those that are refused. */
  readonly plain: ReplyHeaders;
  /** Added to the reply to a preflight. */
  readonly preflight: HeaderLines;
  readonly #policy: OriginPolicy;
  readonly #listed = new Map<string, ReplyHeaders>();

  /** Throws FrontError OPTION_UNUSABLE for credentials with `*`, which browsers refuse. */
  constructor(options: CorsOptions, extraHeaders: Readonly<Record<string, string>>) {
    const { origins, credentials, exposedHeaders, allowedHeaders } = options;
    if (origins === '*' && credentials) {
      throw new FrontError('OPTION_UNUSABLE', "credentials need a list of origins, not '*'");
    }
    this.#policy = originPolicy(origins);
    this.preflight = [
      ...['Access-Control-Allow-Methods', 'POST, GET, OPTIONS'],
      ...['Access-Control-Allow-Headers', [...ALLOWED_HEADERS, ...allowedHeaders].join(', ')],
      ...['Access-Control-Max-Age', PREFLIGHT_MAX_AGE_SECONDS],
    ];
    const exposed =
      exposedHeaders.length === 0 ? {} : { 'Access-Control-Expose-Headers': exposedHeaders.join(', ') };
    if (origins === '*') {
      this.plain = new ReplyHeaders({ ...extraHeaders, 'Access-Control-Allow-Origin': '*', ...exposed });
      return;
    }
    const vary = origins.length === 0 ? {} : { Vary: 'Origin' };
    this.plain = new ReplyHeaders({ ...extraHeaders, ...vary });
    for (const origin of origins) {
      const allow = { 'Access-Control-Allow-Origin': origin, ...vary, ...exposed };
      const withCredentials = credentials ? { 'Access-Control-Allow-Credentials': 'true' } : {};
      this.#listed.set(origin, new ReplyHeaders({ ...extraHeaders, ...allow, ...withCredentials }));
    }
  }

  /** The headers of every reply to such a request; undefined: no rule allows its origin. */
  repliesTo(claim: OriginClaim): ReplyHeaders | undefined {
    switch (judgeOrigin(this.#policy, claim)) {
      case 'refused':
        return undefined;
      case 'listed':
        return this.#listed.get(claim.origin ?? '');
      default:
        return this.plain;
    }
  }
}
