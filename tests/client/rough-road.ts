import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';

/** What happens to a request. */
export type Fate =
  | 'passes'
  /** It never arrives, and its connection breaks. */
  | 'request lost'
  /** It arrives, and its reply does not. */
  | 'reply lost'
  /** The reply arrives after the next one. */
  | 'late'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

const LATE_MS = 300;

/** A way to a BOSH service on which things go wrong, as a test says. */
export interface RoughRoad {
  readonly url: string;
  /** What happens to the next requests, one after the other; then all pass. */
  readonly fates: Fate[];
  /** Bodies of the requests that came, oldest first. */
  readonly bodies: string[];
  close(): Promise<void>;
}

export async function roughRoad(to: string): Promise<RoughRoad> {
  const fates: Fate[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void bytesOf(request).then((body) => {
      bodies.push(body.toString());
      travel(to, body, fates.shift() ?? 'passes', response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/http-bind`,
    fates,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function travel(to: string, body: Buffer, fate: Fate, response: ServerResponse): void {
  if (typeof fate === 'object') {
    response.writeHead(fate.status, fate.headers).end('<html><p>not now</p></html>');
    return;
  }
  if (fate === 'request lost') {
    response.socket?.destroy();
    return;
  }
  const onward = httpRequest(to, { method: 'POST', agent: false }, (reply) => {
    void bytesOf(reply).then((bytes) => {
      if (fate === 'reply lost') response.socket?.destroy();
      else if (fate === 'late') setTimeout(() => response.end(bytes), LATE_MS);
      else response.writeHead(reply.statusCode ?? 500).end(bytes);
    });
  });
  onward.on('error', () => response.socket?.destroy());
  response.on('close', () => {
    if (!response.writableFinished) onward.destroy();
  });
  onward.end(body);
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
