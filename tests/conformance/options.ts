import { parseArgs } from 'node:util';
import { ALL_CASES } from './cases/index.ts';
import type { Endpoint } from './lab.ts';

export const USAGE = `Tries a BOSH endpoint against the clauses of XEP-0124 and XEP-0206, over HTTP alone.

  npm run conformance -- --url URL --xmpp DOMAIN [--user USER --password PASSWORD | --anonymous] [options]

  --url URL            the BOSH URL
  --xmpp DOMAIN        the XMPP domain of the sessions
  --user, --password   the account that the cases log in with; without it they are guests (SASL ANONYMOUS)
  --only PREFIX        only the cases whose id starts so (rids, or rids.repeat); may be given several times
  --accept ID          a fault of this case is known and accepted; may be given several times
  --patience SECONDS   the longest time to wait for one time limit of the endpoint, such as inactivity (default 12)
  --at-once COUNT      cases at the same time (default 6)
  --json               the results as JSON
  --help               this text

The exit code is 0 when every clause that asks for something is obeyed, 1 when one is not, 2 when nothing could be tried.`;

export interface Options {
  readonly endpoint: Endpoint;
  readonly cases: typeof ALL_CASES;
  readonly accepted: readonly string[];
  readonly atOnce: number;
  readonly json: boolean;
}

const AT_ONCE_MAX = 32;

/** The options, or what is wrong with them; undefined where help was asked for. */
export function readOptions(args: readonly string[]): Options | { readonly wrong: string } | undefined {
  const values = parse(args);
  if (typeof values === 'string') return { wrong: values };
  if (values.help === true) return undefined;
  const { url, xmpp, user, password, only, accept, patience, json } = values;
  if (url === undefined || xmpp === undefined) return { wrong: '--url and --xmpp are needed' };
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return { wrong: `--url ${url} is no HTTP URL` };
  if ((user === undefined) !== (password === undefined))
    return { wrong: '--user and --password go together' };
  if (user !== undefined && values.anonymous === true)
    return { wrong: '--user and --anonymous exclude each other' };
  const patienceS = Number(patience);
  const atOnce = Number(values['at-once']);
  if (!(patienceS > 0)) return { wrong: `--patience ${patience} is no number of seconds` };
  if (!Number.isInteger(atOnce) || atOnce < 1 || atOnce > AT_ONCE_MAX)
    return { wrong: `--at-once is 1 to ${AT_ONCE_MAX}` };
  const unknown = accept?.find((id) => !ALL_CASES.some((each) => each.id === id));
  if (unknown !== undefined) return { wrong: `--accept ${unknown}: there is no such case` };
  const cases = ALL_CASES.filter(
    ({ id }) => only === undefined || only.some((prefix) => id.startsWith(prefix)),
  );
  if (cases.length === 0) return { wrong: `--only ${only?.join(' ')}: there are no such cases` };
  return {
    endpoint: {
      url: new URL(url),
      domain: xmpp,
      account: { user, password: password ?? '' },
      patienceMs: patienceS * 1000,
    },
    cases,
    accepted: accept ?? [],
    atOnce,
    json: json === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' },
        xmpp: { type: 'string' },
        user: { type: 'string' },
        password: { type: 'string' },
        anonymous: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        accept: { type: 'string', multiple: true },
        patience: { type: 'string', default: '12' },
        'at-once': { type: 'string', default: '6' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
