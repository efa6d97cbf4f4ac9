import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { AcceptedSockets } from './accepted-sockets.ts';

test('what no layer ends, and no byte comes or goes on, is destroyed', async () => {
  const accepted = new AcceptedSockets(200, () => undefined);
  const server = createServer((socket) => accepted.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const join = (): Socket => {
    const { port } = server.address() as AddressInfo;
    return connect(port, '127.0.0.1').on('error', () => undefined);
  };
  const talking = join();
  const talk = setInterval(() => talking.write('x'), 20);
  const silent = join();
  await new Promise((resolve) => silent.resume().once('close', resolve));
  expect(talking.closed).toBe(false);
  clearInterval(talk);
  await new Promise((resolve) => talking.resume().once('close', resolve));
  accepted.stop();
  await new Promise((resolve) => server.close(resolve));
});
