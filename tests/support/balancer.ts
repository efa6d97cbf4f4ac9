import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Balancer {
  readonly url: string;
  /** Requests that each origin got, in their order. */
  readonly counts: readonly number[];
  /** Chooses by number of the request; default each in turn. */
  choose(choice: (request: number, origins: number) => number): void;
  close(): Promise<void>;
}

/**
 * A proxy that sends each request to another origin, as a plain one with round robin does. One that refuses the connection
 * is passed over for the next; a connection that breaks later breaks the client's.
 */
export async function startBalancer(origins: readonly string[]): Promise<Balancer> {
  const counts = origins.map(() => 0);
  let choice = (count: number, among: number) => count % among;
  let requests = 0;
  const server: Server = createServer((from, to) => {
    const chunks: Buffer[] = [];
    from.on('data', (chunk: Buffer) => chunks.push(chunk));
    from.on('end', () => {
      const first = choice(requests, origins.length);
      requests += 1;
      forward({ from, to, body: Buffer.concat(chunks), first }, origins, counts, 0);
    });
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/http-bind`,
    counts,
    choose(next) {
      choice = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Request {
  readonly from: IncomingMessage;
  readonly to: ServerResponse;
  readonly body: Buffer;
  /** The place of the origin that is tried first. */
  readonly first: number;
}

function forward(it: Request, origins: readonly string[], counts: number[], tried: number): void {
  const { from, to, body, first } = it;
  const at = (first + tried) % origins.length;
  const target = new URL(from.url ?? '/', origins[at]);
  const onward = request(target, {
    method: from.method ?? 'POST',
    headers: { ...from.headers, host: target.host },
  });
  onward.on('response', (response) => {
    to.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(to);
  });
  onward.on('error', (error) => {
    const isRefused = 'code' in error && error.code === 'ECONNREFUSED';
    if (isRefused && tried + 1 < origins.length) forward(it, origins, counts, tried + 1);
    else to.destroy();
  });
  to.on('close', () => {
    if (!to.writableFinished) onward.destroy();
  });
  counts[at] = (counts[at] ?? 0) + 1;
  onward.end(body);
}
