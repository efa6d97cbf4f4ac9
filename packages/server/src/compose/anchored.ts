import { setImmediate as turn } from 'node:timers/promises';
import type { Reply, RequestId, Survival } from '@boshd/engine/manager';
import { forwardedIn } from '@boshd/engine/mesh';
import type { AnchorReport } from '../anchor/protocol/index.ts';
import type { Driver, Ports } from '../driver.ts';
import type { ListenAddress, TakeUp } from '../front/options.ts';
import type { FrontPort, MeshSubmit, Submit } from '../ports.ts';
import { AnchoredUpstream } from '../survival/anchored-upstream.ts';
import { AnchorConnection, bytesOf } from '../survival/connection.ts';
import { AnchorVault } from '../survival/vault.ts';
import { nodeToolbox } from '../toolbox.ts';
import type { UpstreamOptions } from '../upstream/kit/options.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { type AnchoredPlace, anchorSocket } from '../workers/index.ts';

type Adopted = Extract<AnchorReport, { type: 'adopt' }>;

/** A worker's end of all that it has with its anchor. */
export class Anchored {
  /** For the engine. */
  readonly survival: Survival;
  readonly listen: readonly ListenAddress[];
  /** Resolves, with the reason, when the anchor is gone. */
  readonly lost: Promise<string>;
  readonly #connection: AnchorConnection;
  #upstream: AnchoredUpstream | undefined;
  #noteLost: (why: string) => void = () => undefined;

  private constructor(connection: AnchorConnection, survival: Survival, listen: readonly ListenAddress[]) {
    this.#connection = connection;
    this.survival = survival;
    this.listen = listen;
    this.lost = new Promise((resolve) => {
      this.#noteLost = resolve;
    });
  }

  /** Greets the anchor that started this process. Rejects where it is gone, or of another version. */
  static async of({ listen }: AnchoredPlace): Promise<Anchored> {
    const connection = new AnchorConnection(anchorSocket());
    const { firstLink, key } = await connection.greet();
    return new Anchored(
      connection,
      { firstLink, vault: new AnchorVault(key) },
      listen.map(({ fd, proxyProtocol }) => ({ fd, proxyProtocol })),
    );
  }

  /** Takes up a request of the session that its first bytes name, or refuses it unread. */
  readonly takeUp: TakeUp = (beginningOf, act, refuse) => {
    const connection = this.#connection;
    if (!connection.isCareful && !connection.refusesAny) {
      act();
      return;
    }
    const whose = whoseRequest(beginningOf());
    if (whose.sid !== undefined && connection.isRefused(whose.sid)) refuse();
    else connection.carefully(() => whose, act);
  };

  /** Takes up what other members forward. */
  meshSubmit(submit: MeshSubmit): MeshSubmit {
    const connection = this.#connection;
    const toolbox = nodeToolbox();
    return (input) => {
      if (input.type !== 'mesh-message' || !connection.isCareful) {
        submit(input);
        return;
      }
      const { sid, rid } = forwardedIn(input.bytes, toolbox) ?? {};
      const whose = sid === undefined ? {} : { sid, part: String(rid ?? 'request') };
      connection.carefully(
        () => whose,
        () => submit(input),
      );
    };
  }

  /** There is no room for another session. */
  readonly isFull = (): boolean => this.#connection.isFull;

  /** The ports of a driver, as they are with an anchor. */
  ports(
    front: FrontPort,
    options: UpstreamOptions,
    submit: Submit,
  ): Pick<Ports, 'front' | 'records'> & {
    readonly upstream: Upstream;
  } {
    const connection = this.#connection;
    const upstream = new AnchoredUpstream(options, connection, submit);
    this.#upstream = upstream;
    return {
      front: new SafeFront(front, connection),
      upstream,
      records: {
        record: (output) =>
          connection.order(
            output.type === 'keep'
              ? { ...output, link: output.link ?? 0 }
              : { type: 'forget', sid: output.sid },
          ),
      },
    };
  }

  /**
   * Goes on with the sessions that wait; resolves when there are none any more, and clients may come.
   *
   * @param lineage how the members of its cluster call this process; undefined: there is none
   */
  begin(driver: Driver, lineage: string | undefined): Promise<void> {
    if (lineage !== undefined) this.#connection.order({ type: 'lineage', name: lineage });
    return new Promise((resolve) => {
      this.#connection.begin({
        take: (report) => {
          if (report.type === 'adopted') resolve();
          else if (report.type === 'adopt') this.#adopt(report, driver);
          else if (report.type === 'void') this.#end(report, driver);
          else if (report.type === 'expect') driver.expect(report.sids);
          else if (report.type === 'inherit') driver.continue(report.names);
          else this.#upstream?.take(report);
        },
        lost: (why) => {
          this.#upstream?.lost();
          this.#noteLost(why);
        },
      });
    });
  }

  /** Clients are served. */
  ready(): void {
    this.#connection.order({ type: 'ready' });
  }

  /** Gives up all sessions: nothing that follows from them is done here from now on. */
  async leave(driver: Driver): Promise<void> {
    const connection = this.#connection;
    // What came in this turn of the event loop is done first.
    await turn();
    await new Promise<void>((resolve) => connection.whenSafe(resolve));
    driver.disconnect();
    connection.order({ type: 'leave' });
    connection.close();
  }

  #adopt({ sid, ageMs, record, state, base, bytes }: Adopted, driver: Driver): void {
    if (state !== undefined) this.#upstream?.adopt(state);
    const kept = {
      sid,
      record: bytesOf(record),
      link: state?.link,
      bytes: bytesOf(bytes),
      base,
      ageMs,
      bindings: state?.bindings,
    };
    this.#connection.carefully(
      () => ({ sid }),
      () => driver.restore(kept),
    );
    this.#takeAwaited(sid, driver);
  }

  /** Requests that came before their session, each by itself: a worker may die of one. */
  #takeAwaited(sid: string, driver: Driver): void {
    for (const input of driver.awaited(sid)) {
      const part = input.type === 'request' ? String(input.body.attributes.rid) : 'request';
      this.#connection.carefully(
        () => ({ sid, part }),
        () => driver.submit(input),
      );
    }
  }

  /** Nobody can go on with the session. */
  #end({ sid, reason }: Extract<AnchorReport, { type: 'void' }>, driver: Driver): void {
    const over = reason === 'poison' ? reason : 'not-restored';
    driver.restore({ sid, record: NO_BYTES, link: undefined, bytes: NO_BYTES, base: 0, ageMs: 0, over });
    this.#takeAwaited(sid, driver);
  }
}

/** By a search and not by reading it as XML: what reads it may be what a worker died of. */
function whoseRequest(beginning: string): { readonly sid?: string; readonly part?: string } {
  const named = (name: string) =>
    new RegExp(`[\\s+]${name}\\s*=\\s*["']([\\w.:-]{1,256})`).exec(beginning)?.[1];
  const sid = named('sid');
  return sid === undefined ? {} : { sid, part: named('rid') ?? 'request' };
}

const NO_BYTES = new Uint8Array(0);

/** Answers requests when the anchor knows what the replies say. */
class SafeFront implements FrontPort {
  readonly sockets: FrontPort['sockets'];
  readonly #front: FrontPort;
  readonly #anchor: AnchorConnection;

  constructor(front: FrontPort, anchor: AnchorConnection) {
    this.#front = front;
    this.#anchor = anchor;
    // A WebSocket has no record.
    this.sockets = front.sockets;
  }

  respond(request: RequestId, reply: Reply): void {
    this.#anchor.whenSafe(() => this.#front.respond(request, reply));
  }

  decode(request: RequestId): void {
    this.#front.decode(request);
  }

  drop(request: RequestId): void {
    this.#anchor.whenSafe(() => this.#front.drop(request));
  }
}
