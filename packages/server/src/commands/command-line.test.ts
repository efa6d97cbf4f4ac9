import { expect, test } from 'vitest';
import { parseCommandLine } from './command-line.ts';
import type { Command } from './common/command.ts';

const COMMAND: Command = {
  name: 'serve',
  summary: '',
  usage: '',
  details: '',
  flags: [
    { name: 'config', value: 'FILE', summary: '' },
    { name: 'json-schema', value: undefined, summary: '' },
  ],
  takesConfig: true,
  operands: { min: 0, max: 1 },
  run: async () => 0,
};

test.each<[string[], Record<string, string[]>, string[]]>([
  [[], {}, []],
  [['--config', 'a.yaml', 'operand'], { config: ['a.yaml'] }, ['operand']],
  [['--config=a.yaml'], { config: ['a.yaml'] }, []],
  [['--listen', '[::1]:1', '--listen=127.0.0.1:2'], { listen: ['[::1]:1', '127.0.0.1:2'] }, []],
  [['--json-schema'], { 'json-schema': ['true'] }, []],
  [['--credentials', 'operand'], { credentials: ['true'] }, ['operand']],
  [['--credentials=false'], { credentials: ['false'] }, []],
  [['--config=-'], { config: ['-'] }, []],
  [['--', '--config'], {}, ['--config']],
])('%j', (args, flags, operands) => {
  const result = parseCommandLine(COMMAND, args);
  expect(
    result.ok && { flags: Object.fromEntries(result.value.flags), operands: result.value.operands },
  ).toEqual({
    flags,
    operands,
  });
});

test.each<[string[], string]>([
  [['--lisen', 'x'], 'unknown flag --lisen; did you mean --listen?'],
  [['--wait-max', '5s'], 'unknown flag --wait-max'],
  [['-x'], 'unknown flag -x'],
  [['--listen'], '--listen needs a value: --listen=VALUE'],
  [['--listen', '--config=a'], '--listen needs a value: --listen=VALUE'],
  [['a', 'b'], 'unexpected argument "b"'],
])('%j: %s', (args, expected) => {
  expect(parseCommandLine(COMMAND, args)).toEqual({ ok: false, fault: expect.stringContaining(expected) });
});

test('an operand that must be there', () => {
  const command = { ...COMMAND, operands: { min: 1, max: 1 } };
  expect(parseCommandLine(command, [])).toEqual({ ok: false, fault: 'an argument is missing' });
  expect(parseCommandLine(command, ['--help']).ok).toBe(true);
});
