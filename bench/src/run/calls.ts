import type { ChildProcess } from 'node:child_process';

/** What one process offers another over the IPC channel: names to functions of one argument. */
export type Calls<C> = { readonly [K in keyof C]: (argument: never) => unknown };

type Argument<F> = F extends (argument: infer A) => unknown ? A : never;
type Result<F> = F extends (argument: never) => infer R ? Awaited<R> : never;

interface Question {
  readonly call: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly call: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Offers `functions` to the parent process, and ends this process when the parent is gone. */
export function offer<C extends Calls<C>>(functions: C): void {
  process.on('message', (message: unknown) => {
    const question = message as Question;
    const answer = async (): Promise<Answer> => {
      const asked = functions[question.name as keyof C] as (argument: never) => unknown;
      try {
        return { call: question.call, result: await asked(question.argument as never) };
      } catch (error) {
        return {
          call: question.call,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        };
      }
    };
    void answer().then((reply) => process.send?.(reply));
  });
  process.on('disconnect', () => process.exit());
}

/** The parent's end of `offer`. */
export class Caller<C extends Calls<C>> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #calls = 0;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    child.on('message', (message: unknown) => {
      const answer = message as Answer;
      const waiting = this.#waiting.get(answer.call);
      this.#waiting.delete(answer.call);
      if (answer.error !== undefined) waiting?.reject(new Error(`${name}: ${answer.error}`));
      else waiting?.resolve(answer.result);
    });
    child.on('exit', (code, signal) => {
      for (const waiting of this.#waiting.values())
        waiting.reject(new Error(`${name} ended (${code ?? signal ?? 'unknown'}) before it answered`));
      this.#waiting.clear();
    });
  }

  call<K extends keyof C & string>(name: K, argument: Argument<C[K]>): Promise<Result<C[K]>> {
    this.#calls += 1;
    const call = this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve: (result) => resolve(result as Result<C[K]>), reject });
      this.#child.send({ call, name, argument } satisfies Question);
    });
  }
}
