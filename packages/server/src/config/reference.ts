import { z } from 'zod';
import { type Key, TOP_KEYS } from './keys.ts';
import { configSchema, keyFacts } from './schema/index.ts';

const INTRODUCTION = `# Configuration reference

Every key, with its default. This page is printed by \`boshd config-reference\`; do not edit it.
How the file, the environment and the flags work together is told in [configuration.md](configuration.md).
`;

const TOP_NAMES: readonly (string | undefined)[] = TOP_KEYS.map(({ path }) => path[0]);

/** A default as it would be written in YAML. */
function presetText(preset: unknown): string {
  const text = typeof preset === 'string' ? preset : JSON.stringify(preset);
  return `\`${text.replaceAll('","', '", "')}\``;
}

/** Prose in Markdown: what would be HTML or emphasis there is text here. */
function prose(text: string): string {
  return text.replace(/[<>*]/g, '\\$&');
}

function entry(key: Key): string {
  const { facts, path, env, flag } = key;
  const name = path.join('.');
  const lines = [`### ${prose(name)}`, '', prose(facts.purpose), ''];
  lines.push(facts.preset === undefined ? '- Default: not set' : `- Default: ${presetText(facts.preset)}`);
  lines.push(`- Value: ${prose(facts.form)}`);
  if (facts.reason !== undefined) lines.push(`- Why: ${prose(facts.reason)}`);
  if (facts.precedent !== undefined) lines.push(`- Precedent: ${prose(facts.precedent)}`);
  if (env !== undefined && flag !== undefined) {
    lines.push(`- Also set by: \`${env}\` in the environment, \`--${flag}\` as a flag`);
  }
  if (name !== 'sites') return [...lines, '', ...key.children.map(entry)].join('\n');
  // Keys that stand at the top too are told there.
  const isOwn = ({ path: [, , below = ''] }: Key) => !TOP_NAMES.includes(below);
  const taken = key.children.filter((child) => !isOwn(child)).map(({ path }) => `\`${path.at(-1)}\``);
  lines.push(
    '',
    `Besides the keys below, a site may have ${taken.join(', ')}, each as at the top of the file.`,
  );
  return [...lines, '', ...key.children.filter(isOwn).map(entry)].join('\n');
}

function section(key: Key): string {
  if (key.facts.kind !== 'group') return entry(key);
  return [`## ${key.path.join('.')}`, '', prose(key.facts.purpose), '', ...key.children.map(entry)].join(
    '\n',
  );
}

/** docs/config-reference.md. */
export function configReference(): string {
  const alone = TOP_KEYS.filter(({ facts }) => facts.kind !== 'group');
  const groups = TOP_KEYS.filter(({ facts }) => facts.kind === 'group');
  const parts = [
    INTRODUCTION,
    '## Keys at the top of the file\n',
    ...alone.map(section),
    ...groups.map(section),
  ];
  return `${parts.join('\n').trimEnd()}\n`;
}

/** The JSON Schema that editors check a file with and take their hints from. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      const facts = keyFacts.get(zodSchema);
      if (facts === undefined) return;
      jsonSchema.description = [facts.purpose, facts.reason].filter((text) => text !== undefined).join(' ');
      // The default of a group is that of its keys.
      if (facts.kind === 'group') delete jsonSchema.default;
    },
  });
  return `${JSON.stringify({ title: 'Configuration of boshd', ...schema }, null, 2)}\n`;
}
