import { setImmediate as turn } from 'node:timers/promises';
import { ascii } from '@boshd/engine/kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NatsMesh } from '../../packages/server/src/mesh/index.ts';
import { type Nats, startNats } from '../support/nats.ts';
import { until } from '../support/program.ts';

const MIB = 2 ** 20;
const MESSAGE_BYTES = 128 * 1024;
const ONE = 'a'.repeat(16);
const OTHER = 'b'.repeat(16);

/** One end of the mesh, and what the engine would hear of it. */
class Member {
  isUp = false;
  received = 0;
  readonly notes: string[] = [];
  readonly incarnation: string;
  readonly mesh: NatsMesh;

  constructor(servers: readonly Nats[], incarnation: string, backlogBytesMax: number) {
    this.incarnation = incarnation;
    const options = {
      servers: servers.map(({ url }) => url),
      prefix: 'boshd.test',
      incarnation,
      keys: [ascii('k'.repeat(32))],
      messageBytesMax: MESSAGE_BYTES,
      backlogBytesMax,
      name: incarnation,
      access: {},
      siblings: () => [],
      note: (detail: string) => this.notes.push(detail),
    };
    this.mesh = new NatsMesh(options, (input) => {
      if (input.type === 'mesh-link') this.isUp = input.isUp;
      if (input.type === 'mesh-message') this.received += 1;
    });
    this.mesh.open();
  }

  /** Sends one message after the other, while the link is up. Returns their bytes. */
  async send(to: Member, bytes: number): Promise<number> {
    let sent = 0;
    // Protocol, kind and sender stand in front, as the engine writes them.
    const message = ascii(`\x03\x03${this.incarnation}`.padEnd(MESSAGE_BYTES, 'x'));
    while (sent < bytes && this.isUp) {
      this.mesh.send(to.incarnation, message);
      sent += MESSAGE_BYTES;
      await turn();
    }
    return sent;
  }
}

let nats: Nats;
let members: Member[] = [];

beforeEach(async () => {
  nats = await startNats();
});
afterEach(async () => {
  process.kill(nats.pid, 'SIGCONT');
  for (const { mesh } of members) await mesh.close();
  members = [];
  await nats.stop();
});

async function pair(backlogBytesMax: number): Promise<readonly [Member, Member]> {
  const [one, other] = [new Member([nats], ONE, backlogBytesMax), new Member([nats], OTHER, backlogBytesMax)];
  members = [one, other];
  await until('both are connected', () => one.isUp && other.isUp);
  return [one, other];
}

/** What is sent again comes out at the other end. */
async function reaches(from: Member, to: Member): Promise<void> {
  const before = to.received;
  await until('a message passes', async () => {
    if (from.isUp) await from.send(to, MESSAGE_BYTES);
    return to.received > before;
  });
}

test('a NATS server that reads nothing gets no more than the limit, and the link is down', async () => {
  const limit = 16 * MIB;
  const [one, other] = await pair(limit);
  process.kill(nats.pid, 'SIGSTOP');
  const sent = await one.send(other, 8 * limit);
  expect(one.isUp).toBe(false);
  expect(sent).toBeGreaterThan(limit / 2);
  expect(sent).toBeLessThanOrEqual(limit + 2 * MESSAGE_BYTES);
  expect(one.notes).toEqual([expect.stringContaining('does not read')]);
  process.kill(nats.pid, 'SIGCONT');
  await until('it is up again', () => one.isUp);
  await reaches(one, other);
});

test('one that freezes while something waits for it is given up by its silence', async () => {
  const [one, other] = await pair(256 * MIB);
  process.kill(nats.pid, 'SIGSTOP');
  // More than the system takes for a socket.
  await one.send(other, 32 * MIB);
  expect(one.isUp).toBe(true);
  await until('its silence is noticed', () => !one.isUp);
  expect(one.notes).toEqual([expect.stringContaining('does not answer')]);
  process.kill(nats.pid, 'SIGCONT');
  await until('it is up again', () => one.isUp);
  await reaches(one, other);
});

test('one that reads takes many times the limit', async () => {
  const limit = 4 * MIB;
  const [one, other] = await pair(limit);
  for (let round = 1; round <= 64; round += 1) {
    await one.send(other, 4 * MESSAGE_BYTES);
    await until('they have come', () => other.received === 4 * round || !one.isUp);
  }
  expect([one.isUp, one.notes]).toEqual([true, []]);
});

test('a member that stops does not wait for a NATS server that is frozen', async () => {
  const [one, other] = await pair(256 * MIB);
  process.kill(nats.pid, 'SIGSTOP');
  await one.send(other, 32 * MIB);
  await one.mesh.close();
  expect(other.isUp).toBe(true);
});

test('beside one that is frozen another one is found', async () => {
  const second = await startNats();
  const member = new Member([nats, second], ONE, 16 * MIB);
  members = [member];
  await until('it is connected', () => member.isUp);
  for (const { pid } of [nats, second]) process.kill(pid, 'SIGSTOP');
  await until('the silence of both is noticed', () => !member.isUp);
  process.kill(second.pid, 'SIGCONT');
  await until('it is connected to the other one', () => member.isUp);
  await member.mesh.close();
  await second.stop();
});
