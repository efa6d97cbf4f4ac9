import { close, open } from 'node:fs';
import type { Socket } from 'node:net';
import { systemCode } from '../request/errors.ts';

interface Entry {
  /** What it had sent and received at the last sweep, and how many sweeps ago that changed. */
  bytes: number;
  silentSweeps: number;
}

const SWEEP_MS_MAX = 5000;
const SWEEPS_PER_LIMIT = 4;

/** The system's codes for: this process, or the whole machine, has no file descriptor left. */
const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE']);

/**
 * Every socket that was accepted, whatever speaks on it (HTTP/1.1, TLS, HTTP/2, WebSocket), until its descriptor is closed. Each
 * layer ends its own connections. The sweep is for those that a layer has lost: node:http2 does not notice every reset, and
 * keeps the descriptor for ever. So what no byte came or went on for longer than any layer allows is destroyed.
 */
export class AcceptedSockets {
  readonly #entries = new Map<Socket, Entry>();
  readonly #sweepMs: number;
  #silentSweepsMax = 0;
  readonly #noDescriptor: (code: string) => void;
  readonly #sweeper: NodeJS.Timeout;
  #isProbing = false;

  /** `noDescriptor` is told at each sweep that finds no file descriptor left. */
  constructor(silentMs: number, noDescriptor: (code: string) => void) {
    this.#sweepMs = Math.min(SWEEP_MS_MAX, silentMs / SWEEPS_PER_LIMIT);
    this.allowSilence(silentMs);
    this.#noDescriptor = noDescriptor;
    this.#sweeper = setInterval(() => this.#sweep(), this.#sweepMs).unref();
  }

  /** From now on a socket may be silent for so many milliseconds. */
  allowSilence(silentMs: number): void {
    this.#silentSweepsMax = Math.ceil(silentMs / this.#sweepMs);
  }

  /** Takes a socket as it was accepted, below TLS. */
  add(socket: Socket): void {
    this.#entries.set(socket, { bytes: 0, silentSweeps: 0 });
    socket.once('close', () => this.#entries.delete(socket));
  }

  /** Destroys what is left, and ends the sweeps. */
  destroy(): void {
    for (const socket of this.#entries.keys()) socket.destroy();
    this.stop();
  }

  /** Ends the sweeps. */
  stop(): void {
    clearInterval(this.#sweeper);
  }

  #sweep(): void {
    for (const [socket, entry] of this.#entries) {
      const bytes = socket.bytesRead + socket.bytesWritten;
      if (bytes !== entry.bytes) {
        entry.bytes = bytes;
        entry.silentSweeps = 0;
      } else if (entry.silentSweeps++ >= this.#silentSweepsMax) {
        socket.destroy();
      }
    }
    this.#probe();
  }

  /**
   * Without a descriptor libuv accepts a connection by a spare one and closes it at once, and says nothing. So whether there is one left
   * must be tried.
   */
  #probe(): void {
    if (this.#isProbing) return;
    this.#isProbing = true;
    open('/dev/null', 'r', (error, descriptor) => {
      this.#isProbing = false;
      if (error === null) {
        close(descriptor);
        return;
      }
      const code = systemCode(error);
      if (code !== undefined && NO_DESCRIPTOR.has(code)) this.#noDescriptor(code);
    });
  }
}
