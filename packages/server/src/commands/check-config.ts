import { effectiveText } from '../config/index.ts';
import { type Command, EXIT } from './command.ts';
import { loadOrTell } from './load.ts';

export const checkConfigCommand: Command = {
  name: 'check-config',
  summary: 'Check a configuration; print what would be in effect, or all that is wrong.',
  usage: 'FILE [FLAGS]',
  details:
    'The BOSHD_ variables of the environment and the flags count as they would for "boshd serve".\nThe output is a whole configuration file, defaults included.',
  flags: [],
  takesConfig: true,
  operands: { min: 1, max: 1 },
  async run({ flags, operands: [file] }, { environment, out, err }) {
    const config = loadOrTell({ file, environment, flags }, err);
    if (config === undefined) return EXIT.failed;
    out(effectiveText(config, 'hidden'));
    return EXIT.done;
  },
};
