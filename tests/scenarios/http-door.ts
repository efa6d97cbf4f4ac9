import { type ClientRequest, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Input, RequestId } from '@boshd/engine/manager';
import { createFront, type Front, frontOptions } from '../../packages/server/src/front/index.ts';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { RawClient } from '../support/front-rig.ts';
import {
  type Answer,
  type Door,
  describeReply,
  type HANG_UPS,
  type Posting,
  type RequestInput,
} from './door.ts';

interface Exchange {
  readonly client: ClientRequest | Socket;
  /** How the client saw the end of its request. */
  readonly seen: Promise<string>;
}

/** Nothing on the loopback interface takes longer; a transcript that waits for more has failed. */
const PATIENCE_MS = 10_000;

/**
 * Real HTTP: requests are posted over sockets to boshd's own front, as by a trusted proxy that tells address and scheme,
 * and replies are read from the sockets. The manager behind it stays in virtual time.
 */
export class HttpDoor implements Door {
  readonly #front: Front;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #byRequest = new Map<RequestId, Exchange>();
  #port = 0;
  #told: (input: Input) => void = () => undefined;
  readonly #head: readonly string[];

  private constructor(head: readonly string[]) {
    this.#head = head;
    const options = frontOptions({ listen: [{ host: '127.0.0.1', port: 0 }], trustedProxies: ['127.0.0.1'] });
    this.#front = createFront(
      options,
      (input) => {
        // What the manager would say of a session that it knows.
        if (input.type === 'request-head') this.#front.decode(input.request);
        else this.#told(input);
      },
      nodeToolbox(),
      () => undefined,
    );
  }

  /** @param head the lines of the head that the client really sends; none: those of node:http */
  static async open(head: readonly string[] = []): Promise<HttpDoor> {
    const door = new HttpDoor(head);
    const { bound } = await door.#front.listen();
    door.#port = bound[0]?.port ?? 0;
    return door;
  }

  async close(): Promise<void> {
    for (const { client } of this.#exchanges.values()) client.destroy();
    await this.#front.close(0);
  }

  async post(posting: Posting, take: (input: RequestInput) => void): Promise<void> {
    const taken = this.#expect((input) => input.type === 'request' || input.type === 'bad-request');
    const exchange = this.#head.length > 0 ? this.#sendAsWritten(posting) : this.#send(posting);
    this.#exchanges.set(posting.name, exchange);
    const input = await taken;
    if (input.type !== 'request' && input.type !== 'bad-request') return;
    this.#byRequest.set(input.request, exchange);
    take(input);
  }

  async answer(answer: Answer): Promise<string> {
    const exchange = this.#byRequest.get(answer.request);
    if (answer.type === 'respond') this.#front.respond(answer.request, answer.reply);
    else this.#front.drop(answer.request);
    return exchange?.seen ?? 'unknown request';
  }

  async hangUp(name: string, when: keyof typeof HANG_UPS, take: (input: Input) => void): Promise<void> {
    if (when === 'taken')
      throw new Error('behind a proxy nobody knows when its client has closed its connection');
    if (when === 'lost')
      throw new Error('a reply can not be lost on purpose between two sockets of one machine');
    const told = this.#expect((input) => input.type === 'request-aborted');
    this.#exchanges.get(name)?.client.destroy();
    take(await told);
  }

  /** The next input of the front that fits. */
  #expect(fits: (input: Input) => boolean): Promise<Input> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the front told nothing')), PATIENCE_MS);
      this.#told = (input) => {
        if (!fits(input)) return;
        clearTimeout(timer);
        resolve(input);
      };
    });
  }

  /** Byte for byte what the client writes, and the two lines of the proxy. */
  #sendAsWritten({ body, secure, address, line }: Posting): Exchange {
    const socket = connect(this.#port, '127.0.0.1');
    const client = new RawClient(socket);
    const known = { HOST: `127.0.0.1:${this.#port}`, LENGTH: String(body.length) };
    const head = this.#head.map((line) => line.replace('HOST', known.HOST).replace('LENGTH', known.LENGTH));
    const forwarded = [`X-Forwarded-For: ${address}`, `X-Forwarded-Proto: ${secure ? 'https' : 'http'}`];
    if (line !== undefined) forwarded.push(`X-Boshd-Client-Port: ${line}`);
    client.write([...head, ...forwarded, '', ''].join('\r\n'));
    socket.write(body);
    const seen = client.reply().then(
      (reply) =>
        describeReply(
          reply.status,
          reply.headers['content-type'] ?? '',
          Buffer.from(reply.body, 'latin1').toString('utf8'),
        ),
      () => 'dropped',
    );
    return { client: socket, seen };
  }

  #send({ body, secure, address, line }: Posting): Exchange {
    const client = httpRequest({
      host: '127.0.0.1',
      port: this.#port,
      path: '/http-bind',
      method: 'POST',
      // A connection each, as browsers open when the others are busy.
      agent: false,
      headers: {
        'Content-Type': 'text/xml; charset=utf-8',
        'Content-Length': body.length,
        'X-Forwarded-For': address,
        'X-Forwarded-Proto': secure ? 'https' : 'http',
        ...(line === undefined ? {} : { 'X-Boshd-Client-Port': line }),
      },
    });
    const seen = new Promise<string>((resolve) => {
      client.on('error', () => resolve('dropped'));
      client.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve(describeReply(response.statusCode ?? 0, response.headers['content-type'] ?? '', text));
        });
      });
    });
    client.end(body);
    return { client, seen };
  }
}
