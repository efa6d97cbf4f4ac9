import { effectiveText } from '../config/index.ts';
import { type Command, EXIT } from './common/command.ts';
import { databaseProblems, fileProblems } from './common/file-problems.ts';
import { loadOrTell } from './common/load.ts';

export const checkConfigCommand: Command = {
  name: 'check-config',
  summary: 'Check a configuration; print what would be in effect, or all that is wrong.',
  usage: 'FILE [FLAGS]',
  details:
    'The BOSHD_ variables of the environment and the flags count as they would for "boshd serve".\nThe output is a whole configuration file, defaults included, with *** in place of secrets. Certificates, keys and the keys of\na cluster are looked into.',
  flags: [],
  takesConfig: true,
  operands: { min: 1, max: 1 },
  async run({ flags, operands: [file] }, { environment, out, err }) {
    const config = loadOrTell({ file, environment, flags }, err);
    if (config === undefined) {
      err(
        'What else could be checked is right; what depends on the above is checked once that is corrected.\n',
      );
      return EXIT.failed;
    }
    const problems = [...fileProblems(config, new Date()), ...(await databaseProblems(config))];
    if (problems.length > 0) {
      for (const problem of problems) err(`${problem}\n`);
      err('All else is right.\n');
      return EXIT.failed;
    }
    out(effectiveText(config, 'hidden'));
    return EXIT.done;
  },
};
