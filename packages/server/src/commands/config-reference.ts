import { configReference, jsonSchemaText } from '../config/index.ts';
import { type Command, EXIT } from './common/command.ts';

const JSON_SCHEMA = 'json-schema';

export const configReferenceCommand: Command = {
  name: 'config-reference',
  summary: 'Print every key of the configuration, with its default and reason.',
  usage: '[--json-schema]',
  details: 'In Markdown; with --json-schema as a JSON Schema, for editors.',
  flags: [{ name: JSON_SCHEMA, value: undefined, summary: 'Print the JSON Schema.' }],
  takesConfig: false,
  operands: { min: 0, max: 0 },
  async run({ flags }, { out }) {
    out(flags.has(JSON_SCHEMA) ? jsonSchemaText() : configReference());
    return EXIT.done;
  },
};
