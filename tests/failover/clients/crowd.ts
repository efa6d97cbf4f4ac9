import type { Browser } from 'playwright-core';
import type { DemoAccount } from '../../../packages/server/src/demo/index.ts';
import { startChromium } from '../../support/chromium.ts';
import { until } from '../../support/program.ts';
import { isUp, KINDS, type Kind, type Login, type RealClient } from './client.ts';
import { openPage } from './pages.ts';
import { startStanza } from './stanza.ts';

/** A session of an unmodified client that ended with its member, in milliseconds from the kill. */
export interface Return {
  readonly kind: Kind;
  /** Until it knew that its session is over. */
  readonly toldMs: number;
  /** Until it was logged in again. */
  readonly backMs: number;
}

/** People with unmodified clients. */
export interface Crowd {
  /** All of them, or as many as there are, are logged in. */
  allUp(): Promise<void>;
  /** Those whose session ended after that moment (milliseconds since 1970), and are back. */
  returns(killedAt: number): Promise<readonly Return[]>;
  leave(): Promise<void>;
}

/** One for each client: an XMPP server lets an account have only so many sessions. */
export function accountsFor(ofEach: number): readonly DemoAccount[] {
  const clients = KINDS.length * ofEach;
  return Array.from({ length: clients }, (_, index) => ({ username: `client-${index}`, password: 'demo' }));
}

/** A client for each log-in, of all kinds in turn; all are logged in. */
export async function startCrowd(logins: readonly Login[]): Promise<Crowd> {
  const browser = await startChromium();
  try {
    const clients: RealClient[] = [];
    while (clients.length < logins.length) {
      // One of each kind at a time: a browser's new pages take their time.
      const next = KINDS.map((kind, index) => ({ kind, login: logins[clients.length + index] }));
      clients.push(...(await Promise.all(next.map((each) => start(browser, each)))));
    }
    const allUp = async () => {
      await until('all unmodified clients are logged in', async () =>
        (await Promise.all(clients.map(isUp))).every((each) => each),
      );
    };
    await allUp();
    return {
      allUp,
      returns: async (killedAt) =>
        (await Promise.all(clients.map((client) => returnOf(client, killedAt)))).flat(),
      leave: async () => {
        await Promise.all(clients.map((client) => client.leave()));
        await browser.close();
      },
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

interface Start {
  readonly kind: Kind;
  readonly login: Login | undefined;
}

async function start(browser: Browser, { kind, login }: Start): Promise<RealClient> {
  if (login === undefined) throw new Error('there is an account for each client');
  return kind === 'stanza' ? startStanza(login) : await openPage(browser, kind, login);
}

async function returnOf(client: RealClient, killedAt: number): Promise<readonly Return[]> {
  const after = (await client.happenings()).filter(({ at }) => at >= killedAt);
  const told = after.find(({ what }) => what === 'down');
  const back = after.filter(({ what }) => what === 'up').at(-1);
  if (told === undefined) return [];
  if (back === undefined) throw new Error(`a ${client.kind} did not come back`);
  return [{ kind: client.kind, toldMs: told.at - killedAt, backMs: back.at - killedAt }];
}
