import { FILE_VARIABLE } from '../config/index.ts';
import { type Command, EXIT, type Invocation, type Surroundings } from './common/command.ts';
import { loadOrTell } from './common/load.ts';

const CONFIG_FLAG = 'config';
const JSON_FLAG = 'json';
const DOMAIN_FLAG = 'domain';
const WAIT_FLAG = 'wait';
const ORIGIN_FLAG = 'origin';
const CA_FLAG = 'ca';

/** What clients commonly ask for. */
const WAIT_SECONDS = 60;
const WAIT_SECONDS_MAX = 600;
/** Of nobody: example domains stay unregistered (RFC 2606). */
const FOREIGN_ORIGIN = 'https://elsewhere.example';

export const checkCommand: Command = {
  name: 'check',
  summary: 'Try an XMPP domain, or a BOSH URL, as a web client would meet it, and say what to fix.',
  usage: 'DOMAIN|URL [--json] [FLAGS]',
  details: `DOMAIN, such as example.org (or a JID, for its domain): asks the DNS, tries every address of the domain, shows the certificate
and what the server offers, and then starts a session as "boshd serve" would with the same configuration.
URL, such as https://www.example.org/http-bind: does what a browser does there, through all proxies on the way: certificate, HTTP/2, CORS,
host-meta, WebSocket, two requests at once, and how long a poll may hang.
No account is needed: nobody logs in. Exit code 0: a session gets its stream, or the URL works. 1: it does not.`,
  flags: [
    { name: JSON_FLAG, value: undefined, summary: 'Print the report as JSON.' },
    {
      name: CONFIG_FLAG,
      value: 'FILE',
      summary: `For a domain. The configuration, YAML or JSON. Default: what ${FILE_VARIABLE} names, else none.`,
    },
    {
      name: DOMAIN_FLAG,
      value: 'DOMAIN',
      summary: "For a URL. The XMPP domain to ask for a session to. Default: the URL's host.",
    },
    {
      name: WAIT_FLAG,
      value: 'SECONDS',
      summary: `For a URL. How long a poll is asked to hang. Default: ${WAIT_SECONDS}.`,
    },
    {
      name: ORIGIN_FLAG,
      value: 'ORIGIN',
      summary:
        'For a URL. A page of another origin, such as https://www.example.net, whose rights to ask for.',
    },
    {
      name: CA_FLAG,
      value: 'FILE',
      summary: 'For a URL. Certificates of an authority of your own, PEM. Default: the public ones.',
    },
  ],
  takesConfig: true,
  operands: { min: 1, max: 1 },
  run(invocation, surroundings) {
    const [operand = ''] = invocation.operands;
    if (/^https?:\/\//i.test(operand)) return runForUrl(operand, invocation, surroundings);
    const domain = domainOf(operand);
    if (domain !== operand)
      surroundings.err(`${operand} is an address (JID); its domain is checked: ${domain}\n`);
    return runForDomain(domain, invocation, surroundings);
  },
};

/** The domainpart of a JID (RFC 7622 §3.1), or what was given. */
function domainOf(operand: string): string {
  const [bare = ''] = operand.split('/');
  return bare.slice(bare.indexOf('@') + 1) || operand;
}

async function runForDomain(
  domain: string,
  { flags }: Invocation,
  { environment, out, err, isTerminal }: Surroundings,
): Promise<number> {
  const file = flags.get(CONFIG_FLAG)?.at(-1) ?? (environment[FILE_VARIABLE] || undefined);
  const config = loadOrTell({ file, environment, flags }, err);
  if (config === undefined) return EXIT.failed;
  const { checkDomain, COLOURS, NO_COLOURS, reportText } = await import('../check/index.ts');
  const { managerConfigOf, upstreamOptionsOf } = await import('../compose/options.ts');
  const report = await checkDomain(domain, {
    manager: managerConfigOf(config),
    upstream: upstreamOptionsOf(config),
  });
  const palette = hasColours(isTerminal, environment) ? COLOURS : NO_COLOURS;
  out(isJson(flags) ? json(report) : reportText(report, palette));
  return report.works ? EXIT.done : EXIT.failed;
}

async function runForUrl(
  operand: string,
  { flags }: Invocation,
  { environment, out, err, isTerminal }: Surroundings,
): Promise<number> {
  const url = URL.canParse(operand) ? new URL(operand) : undefined;
  const waitSeconds = Number(flags.get(WAIT_FLAG)?.at(-1) ?? WAIT_SECONDS);
  if (url === undefined) return misused(err, `${operand} is not a URL`);
  if (!Number.isInteger(waitSeconds) || waitSeconds < 1 || waitSeconds > WAIT_SECONDS_MAX) {
    return misused(err, `--${WAIT_FLAG} must be from 1 to ${WAIT_SECONDS_MAX} seconds`);
  }
  const caFile = flags.get(CA_FLAG)?.at(-1);
  const ca = caFile === undefined ? undefined : await readCa(caFile);
  if (ca === null) return misused(err, `--${CA_FLAG}: ${caFile} can not be read`);
  const { checkUrl, COLOURS, NO_COLOURS, urlReportText } = await import('../check/index.ts');
  const report = await checkUrl(url, {
    domain: flags.get(DOMAIN_FLAG)?.at(-1) ?? url.hostname.replace(/^\[|\]$/g, ''),
    waitSeconds,
    origin: flags.get(ORIGIN_FLAG)?.at(-1) ?? FOREIGN_ORIGIN,
    ca,
    progress: (text) => (isTerminal ? err(`${text}\n`) : undefined),
  });
  const palette = hasColours(isTerminal, environment) ? COLOURS : NO_COLOURS;
  out(isJson(flags) ? json(report) : urlReportText(report, palette));
  return report.works ? EXIT.done : EXIT.failed;
}

/** Null: there is no such file. */
async function readCa(file: string): Promise<string | null> {
  const { readFile } = await import('node:fs/promises');
  return readFile(file, 'utf8').catch(() => null);
}

function misused(err: Surroundings['err'], text: string): number {
  err(`boshd check: ${text}\n`);
  return EXIT.misused;
}

function isJson(flags: Invocation['flags']): boolean {
  return flags.get(JSON_FLAG)?.at(-1) === 'true';
}

function hasColours(isTerminal: boolean, environment: Surroundings['environment']): boolean {
  return isTerminal && (environment['NO_COLOR'] ?? '') === '';
}

function json(report: unknown): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
