import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, type SecureVersion, TLSSocket } from 'node:tls';
import type { Input, LinkId } from '@boshd/engine/manager';
import type { DialPlan } from '@boshd/engine/site';
import type { CertificateFiles } from './test-ca.ts';

/** Longer than anything here takes on a busy machine. */
const PATIENCE_MS = 90_000;
const POLL_MS = 5;

/** Stands where the driver stands: takes the inputs of a port, and lets a test wait for one. */
export class InputRecorder {
  readonly inputs: Input[] = [];
  readonly #watchers = new Set<() => void>();

  readonly submit = (input: Input): void => {
    // The view is valid only during the call.
    this.inputs.push(input.type === 'link-data' ? { ...input, bytes: Uint8Array.from(input.bytes) } : input);
    for (const watch of this.#watchers) watch();
  };

  of(link: LinkId): Input[] {
    return this.inputs.filter((input) => 'link' in input && input.link === link);
  }

  /** All that came from the server on the link. */
  text(link: LinkId): string {
    const parts = this.of(link).map((input) => (input.type === 'link-data' ? input.bytes : new Uint8Array()));
    return Buffer.concat(parts).toString('latin1');
  }

  /** Waits for an input of the type on the link. */
  async next<Type extends Input['type']>(link: LinkId, type: Type): Promise<Extract<Input, { type: Type }>> {
    const isWanted = (input: Input): input is Extract<Input, { type: Type }> => input.type === type;
    await this.until(() => this.of(link).some(isWanted), `${type} of link ${link}`);
    const found = this.of(link).find(isWanted);
    if (found === undefined) throw new Error('it was there a moment ago');
    return found;
  }

  async until(isDone: () => boolean, what: string): Promise<void> {
    if (isDone()) return;
    await new Promise<void>((resolve, reject) => {
      const watch = (): void => {
        if (!isDone()) return;
        clearTimeout(timer);
        this.#watchers.delete(watch);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(watch);
        reject(new Error(`waited in vain for ${what}; there is ${JSON.stringify(this.inputs)}`));
      }, PATIENCE_MS);
      this.#watchers.add(watch);
    });
  }
}

/** Waits for something that no input tells of. */
export async function until(isDone: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isDone(); waitedMs += POLL_MS) {
    if (waitedMs > PATIENCE_MS) throw new Error(`waited in vain for ${isDone}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A plan as the domain policy makes it, with what a test wants otherwise. */
export function planFor(domain: string, parts: Partial<DialPlan> = {}): DialPlan {
  return {
    domain,
    target: 'discover',
    tls: 'required',
    verify: true,
    ca: undefined,
    tlsMin: '1.2',
    proxyProtocol: undefined,
    tried: [],
    isRetry: false,
    clientAddress: '192.0.2.7',
    ...parts,
  };
}

/** A server on a free loopback port that counts its connections and can be closed with all of them. */
export interface LoopbackServer {
  readonly port: number;
  /** Every connection so far, oldest first. */
  readonly sockets: readonly Socket[];
  /** Lets go of the connections that are closed. */
  forget(): void;
  close(): Promise<void>;
}

export async function listen(
  serve: (socket: Socket) => void,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {},
): Promise<LoopbackServer> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.resume();
    serve(socket);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const bound: AddressInfo | string | null = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has a port');
  return {
    port: bound.port,
    sockets,
    forget: () => {
      const open = sockets.filter((socket) => !socket.destroyed);
      sockets.splice(0, sockets.length, ...open);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** A port that nobody listens on. */
export async function unusedPort(): Promise<number> {
  const server = await listen(() => undefined);
  await server.close();
  return server.port;
}

/** A server's certificate; one for all its connections, for only then can sessions be resumed. */
export function servingContext(files: CertificateFiles, maxVersion?: SecureVersion): SecureContext {
  return createSecureContext({
    cert: readFileSync(files.certFile),
    key: readFileSync(files.keyFile),
    ...(maxVersion !== undefined && { maxVersion }),
    // OpenSSL 3 speaks what is older than 1.2 only like this.
    ...(maxVersion !== undefined &&
      maxVersion < 'TLSv1.2' && { minVersion: maxVersion, ciphers: 'ALL@SECLEVEL=0' }),
  });
}

/** Makes the server's end of TLS on an accepted connection. */
export function serveTls(
  socket: Socket | Duplex,
  secureContext: SecureContext,
  secured: (socket: TLSSocket) => void = () => undefined,
  alpn: readonly string[] = [],
): TLSSocket {
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
  });
  secure.on('error', () => secure.destroy());
  secure.once('secure', () => secured(secure));
  return secure;
}
