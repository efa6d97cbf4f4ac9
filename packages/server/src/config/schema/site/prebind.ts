import { fault, millis, ok, type Result } from '@boshd/engine/kit';
import { count, duration, flag, group, key, list, parsed } from '../kinds/kinds.ts';
import { parsePath } from './paths.ts';

/** Short enough to be typed, long enough never to be guessed: 16 letters and digits are 95 bits. */
const SECRET = /^[\w.~-]{16,256}$/;

export function parseSecret(input: string): Result<string, string> {
  return SECRET.test(input) ? ok(input) : fault('is not a secret that can be used');
}

/** Sessions that boshd logs in for pages (docs/attach.md). */
export const prebindKeys = group(
  {
    secrets: list(parseSecret, {
      max: 16,
      isSecret: true,
      preset: [],
      of: 'secrets of 16 to 256 letters, digits, ".", "_", "~" and "-"',
      purpose:
        "The secrets with which the site's web application may order sessions at prebind.path of the public listener (Authorization: Bearer SECRET); two while one is being changed. Empty: only the admin listener takes such orders.",
      reason: 'Whoever has one can try passwords from where nobody sees them.',
    }),
    path: key(parsed(parsePath), {
      kind: 'text',
      form: 'a path, such as /prebind',
      preset: '/prebind',
      purpose: 'Where the public listener takes the orders.',
      reason: 'The web server in front proxies the paths of BOSH only, so pages do not reach it.',
    }),
    claim: duration({
      bareUnit: 's',
      min: '5s',
      max: '300s',
      preset: millis(30_000),
      purpose: 'How long a page has to claim its session; then the session ends.',
      reason: 'The page is on its way to the browser; whoever finds sid and rid later finds nothing.',
    }),
    cookie: flag({
      preset: false,
      purpose:
        'Whether the page has to show a one-time cookie with its first request: the answer to the order has it as `cookie`, for Set-Cookie.',
      reason: 'sid and rid stand in the page, and a cookie that scripts cannot read does not.',
    }),
    attemptsPerMinute: count({
      of: 'log-ins a minute (0: no limit)',
      purpose: 'How many log-ins of one XMPP address may be ordered in a minute, in the long run.',
      reason: 'A web application that passes on what people type in is tried with lists of passwords.',
      min: 0,
      max: 100_000,
      preset: 20,
    }),
    attemptsBurst: count({
      of: 'log-ins',
      purpose: 'How many of them may be ordered at once.',
      reason: 'A person opens several tabs.',
      min: 1,
      max: 100_000,
      preset: 20,
    }),
  },
  { purpose: 'Sessions that boshd makes and logs in for pages, as their web application orders it.' },
);
