import type { Around } from './around.ts';
import { type Answer, header, type NoAnswer } from './exchange.ts';

/** A page that no service lists by chance; `--origin` names a real one. */
const HOST_META_PATHS = ['/.well-known/host-meta', '/.well-known/host-meta.json'];
const ALLOW_ORIGIN = 'access-control-allow-origin';

/** What a person sees who opens the URL: a proxy that leads elsewhere shows here. Says whether it is worth to go on. */
export async function checkGreeting(around: Around): Promise<boolean> {
  const answer = await around.ask(around.url, { method: 'GET' });
  const { tookMs } = answer;
  if (answer.status === undefined) {
    around.found('GET', 'unreachable', tookMs, `no HTTP answer: ${answer.error}`);
    return false;
  }
  around.learnServer(header(answer, 'server'));
  const { status } = answer;
  if (status >= 300 && status < 400) {
    const target = header(answer, 'location') ?? 'nowhere';
    around.found('GET', 'redirect', tookMs, `answered ${status}, to ${target}`);
    return false;
  }
  if (status === 404) {
    around.found('GET', 'not-found', tookMs, `answered 404: ${firstLine(answer)}`);
    return false;
  }
  // Managers answer a GET in their own ways, 405 among them; what a POST brings decides.
  around.good('GET', tookMs, `${status}${around.server === undefined ? '' : `, by ${around.server}`}`);
  return true;
}

/** Whether pages of another origin may use it, and whether the replies are ones that a browser takes. */
export async function checkOrigins(around: Around, origin: string): Promise<void> {
  const headers = { origin };
  const asked = await around.ask(around.url, { method: 'GET', headers });
  const preflight = await around.ask(around.url, {
    method: 'OPTIONS',
    headers: {
      ...headers,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });
  const doubled = [asked, preflight].find((answer) => grants(answer).length > 1);
  if (doubled !== undefined) {
    const values = grants(doubled).join(' and ');
    around.found('CORS', 'cors-doubled', doubled.tookMs, `Access-Control-Allow-Origin came twice: ${values}`);
    return;
  }
  const isGranted = grants(asked).length === 1;
  if (isGranted && (grants(preflight).length === 0 || !isSuccess(preflight))) {
    const status = preflight.status ?? preflight.error;
    around.found('CORS', 'preflight-refused', preflight.tookMs, `OPTIONS was answered ${status}`);
    return;
  }
  const text = isGranted
    ? `${origin} may use it`
    : `refused for pages of ${origin}; those of the same origin need none`;
  around.good('CORS', asked.tookMs, text);
}

function grants(answer: Answer | NoAnswer): readonly string[] {
  if (answer.status === undefined) return [];
  return (answer.headers.get(ALLOW_ORIGIN) ?? [])
    .flatMap((value) => value.split(','))
    .map((each) => each.trim());
}

function isSuccess({ status }: Answer | NoAnswer): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

/** XEP-0156: where clients look that know only an address. Returns the URLs of WebSockets that it names. */
export async function checkHostMeta(around: Around): Promise<readonly string[]> {
  const answers = await Promise.all(
    HOST_META_PATHS.map((path) => around.ask(new URL(path, around.url), { method: 'GET' })),
  );
  const missing = HOST_META_PATHS.filter((_path, at) => answers[at]?.status !== 200);
  if (missing.length > 0) {
    around.found(
      'host-meta',
      'host-meta-missing',
      answers[0]?.tookMs,
      `${missing.join(' and ')} is not there`,
    );
    return [];
  }
  const closed = HOST_META_PATHS.filter((_path, at) => !grants(answers[at] ?? NONE).includes('*'));
  const text = answers.map((answer) =>
    answer.status === undefined ? '' : Buffer.from(answer.body).toString(),
  );
  if (closed.length > 0) {
    around.found(
      'host-meta',
      'host-meta-cors',
      answers[0]?.tookMs,
      `${closed.join(' and ')} is closed to other origins`,
    );
  } else {
    around.good('host-meta', answers[0]?.tookMs, 'readable for every page');
  }
  return text.join('\n').match(/wss?:\/\/[^"'<>\s\\]+/g) ?? [];
}

const NONE: NoAnswer = { status: undefined, error: '', tookMs: 0 };

function firstLine({ body }: Answer): string {
  const text = Buffer.from(body.subarray(0, 400))
    .toString()
    .replace(/<[^>]*>/g, ' ');
  return text.trim().split('\n', 1)[0] ?? '';
}
