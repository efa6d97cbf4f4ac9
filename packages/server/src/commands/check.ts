import { FILE_VARIABLE } from '../config/index.ts';
import { type Command, EXIT } from './command.ts';
import { loadOrTell } from './load.ts';

const CONFIG_FLAG = 'config';
const JSON_FLAG = 'json';

export const checkCommand: Command = {
  name: 'check',
  summary: 'Try an XMPP domain as a web client would meet it, step by step, and say what to fix.',
  usage: 'DOMAIN [--json] [--config FILE] [FLAGS]',
  details: `Asks the DNS, tries every address of the domain, shows the certificate and what the server offers, and then starts a
session as "boshd serve" would with the same configuration. No account is needed: nobody logs in.
Exit code 0: a session gets its stream. 1: it does not.`,
  flags: [
    { name: JSON_FLAG, value: undefined, summary: 'Print the report as JSON.' },
    {
      name: CONFIG_FLAG,
      value: 'FILE',
      summary: `The configuration, YAML or JSON. Default: what ${FILE_VARIABLE} names, else none.`,
    },
  ],
  takesConfig: true,
  operands: { min: 1, max: 1 },
  async run({ flags, operands: [domain = ''] }, { environment, out, err, isTerminal }) {
    const file = flags.get(CONFIG_FLAG)?.at(-1) ?? (environment[FILE_VARIABLE] || undefined);
    const config = loadOrTell({ file, environment, flags }, err);
    if (config === undefined) return EXIT.failed;
    const { checkDomain, COLOURS, NO_COLOURS, reportText } = await import('../check/index.ts');
    const { managerConfigOf, upstreamOptionsOf } = await import('../options.ts');
    const report = await checkDomain(domain, {
      manager: managerConfigOf(config),
      upstream: upstreamOptionsOf(config),
    });
    const isColoured = isTerminal && (environment['NO_COLOR'] ?? '') === '';
    const isJson = flags.get(JSON_FLAG)?.at(-1) === 'true';
    out(
      isJson
        ? `${JSON.stringify(report, undefined, 2)}\n`
        : reportText(report, isColoured ? COLOURS : NO_COLOURS),
    );
    return report.works ? EXIT.done : EXIT.failed;
  },
};
