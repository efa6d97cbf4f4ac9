import type { Result } from '@boshd/engine/kit';
import type { Flags } from '../../config/index.ts';

/** Reads flags and keeps what is wrong with them, so that all of it is told at once. */
export class FlagReader {
  readonly problems: string[] = [];
  readonly #flags: Flags;

  constructor(flags: Flags) {
    this.#flags = flags;
  }

  has(name: string): boolean {
    return this.#flags.has(name);
  }

  /** The value of a flag that is given once; of several the last one. */
  one<Value>(name: string, parse: (input: string) => Result<Value, string>): Value | undefined {
    return this.many(name, parse).at(-1);
  }

  /** The values of a flag that may be repeated. */
  many<Value>(
    name: string,
    parse: (input: string, index: number) => Result<Value, string>,
  ): readonly Value[] {
    return (this.#flags.get(name) ?? []).flatMap((text, index) => {
      const value = parse(text, index);
      if (value.ok) return [value.value];
      this.problems.push(`--${name}: ${JSON.stringify(text)} ${value.fault}`);
      return [];
    });
  }

  /** Says that flags do not go together. */
  wrong(what: string): void {
    this.problems.push(what);
  }
}
