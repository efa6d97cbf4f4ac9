import type { Instant, Toolbox } from '@boshd/engine/kit';
import { ConnectionManager, type Input, type ManagerConfig, type Output } from '@boshd/engine/manager';
import type { Actor, Witness } from '../world/realm.ts';
import { Broken } from './ledger.ts';

interface Step {
  readonly now: Instant;
  readonly input: Input | 'advance';
  readonly actor: string;
  readonly outputs: string;
}

/** Writes down what went into a manager and what came out: the same again must give the same (docs/testing.md). */
export class Recorder implements Witness {
  readonly #steps: Step[] = [];
  #input: Pick<Step, 'input' | 'actor'> | undefined;

  get steps(): number {
    return this.#steps.length;
  }

  input(input: Input | 'advance', _now: Instant, actor: Actor | undefined): void {
    this.#input = { input, actor: actor?.name ?? '' };
  }

  outputs(outputs: readonly Output[], now: Instant): void {
    if (this.#input === undefined) return;
    this.#steps.push({ now, ...this.#input, outputs: JSON.stringify(outputs) });
  }

  /** Plays it to another manager. */
  replay(config: ManagerConfig, toolbox: Toolbox): void {
    const manager = new ConnectionManager(config, toolbox);
    for (const { now, input, actor, outputs } of this.#steps) {
      const again = input === 'advance' ? manager.advance(now) : manager.handle(input, now);
      if (JSON.stringify(again) !== outputs)
        throw new Broken(actor, `a replay differs: ${outputs} and then ${JSON.stringify(again)}`);
    }
  }
}
