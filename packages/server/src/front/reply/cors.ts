import { judgeOrigin, type OriginClaim, type OriginPolicy, originPolicy } from '@boshd/engine/site';
import type { CorsOptions } from '../options.ts';
import { FrontError } from '../request/errors.ts';
import { type HeaderLines, ReplyHeaders } from './headers.ts';

/** What scripts of other origins may set; no other header means anything to boshd. */
const ALLOWED_HEADERS = ['Content-Type', 'Accept-Encoding'];

/** A day; browsers cap it at two hours or more. Each preflight saved is half of the requests of a short chat. */
const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

/** Origins that fit a pattern and are remembered; anyone can make up names below a domain. */
const FITTING_MAX = 1000;

/** CORS as the Fetch standard wants it, decided once for each origin that is allowed. */
export class Cors {
  /** For replies to requests that name no foreign origin, and to those that are refused. */
  readonly plain: ReplyHeaders;
  /** Added to the reply to a preflight. */
  readonly preflight: HeaderLines;
  readonly #policy: OriginPolicy;
  readonly #listed = new Map<string, ReplyHeaders>();
  readonly #ofListed: (origin: string) => ReplyHeaders;
  readonly #rememberedMax: number;

  /**
   * `varies`: on which other headers replies depend (RFC 9110 §12.5.5).
   *
   * Throws FrontError OPTION_UNUSABLE for credentials with `*`, which browsers refuse.
   */
  constructor(
    options: CorsOptions,
    extraHeaders: Readonly<Record<string, string>>,
    varies: readonly string[] = [],
  ) {
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
      const all = { ...varyOn(varies), 'Access-Control-Allow-Origin': '*', ...exposed };
      this.plain = new ReplyHeaders({ ...extraHeaders, ...all });
      this.#ofListed = () => this.plain;
      this.#rememberedMax = 0;
      return;
    }
    const vary = varyOn(origins.length === 0 ? varies : ['Origin', ...varies]);
    this.plain = new ReplyHeaders({ ...extraHeaders, ...vary });
    const withCredentials = credentials ? { 'Access-Control-Allow-Credentials': 'true' } : {};
    this.#ofListed = (origin) => {
      const allow = { 'Access-Control-Allow-Origin': origin, ...vary, ...exposed };
      return new ReplyHeaders({ ...extraHeaders, ...allow, ...withCredentials });
    };
    for (const origin of this.#policy.listed) this.#listed.set(origin, this.#ofListed(origin));
    this.#rememberedMax = this.#listed.size + FITTING_MAX;
  }

  /** Whether the page's origin is allowed by name or pattern, not just as one of all. */
  lists(claim: OriginClaim): boolean {
    return judgeOrigin(this.#policy, claim) === 'listed';
  }

  /** The headers of every reply to such a request; undefined: no rule allows its origin. */
  repliesTo(claim: OriginClaim): ReplyHeaders | undefined {
    switch (judgeOrigin(this.#policy, claim)) {
      case 'refused':
        return undefined;
      case 'listed':
        return this.#listedReplies(claim.origin ?? '');
      default:
        return this.plain;
    }
  }

  #listedReplies(origin: string): ReplyHeaders {
    const known = this.#listed.get(origin);
    if (known !== undefined) return known;
    const fresh = this.#ofListed(origin);
    if (this.#listed.size < this.#rememberedMax) this.#listed.set(origin, fresh);
    return fresh;
  }
}

function varyOn(names: readonly string[]): Readonly<Record<string, string>> {
  return names.length === 0 ? {} : { Vary: names.join(', ') };
}
