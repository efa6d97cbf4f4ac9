import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startChromium } from '../support/chromium.ts';
import { makeDirectory, type RunningProgram, startProgram, until } from '../support/program.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const PAGE_URL = /http:\/\/localhost:\d+\//;

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let browser: Browser;
const demos: RunningProgram[] = [];
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  for (const demo of demos) await demo.stop();
});

async function startCloud(...args: readonly string[]): Promise<{ said: string; url: string }> {
  const demo = await startProgram({
    name: 'boshd demo --members',
    command: process.execPath,
    args: [MAIN, 'demo', '--members', '3', '--regions', 'eu,us', '--listen', '127.0.0.1:0', ...args],
    directory: await makeDirectory('cloud'),
    isReady: (output) => PAGE_URL.test(output),
  });
  demos.push(demo);
  const said = await demo.log();
  return { said, url: PAGE_URL.exec(said)?.[0] ?? '' };
}

const text = async (page: Page, selector: string) => (await page.locator(selector).textContent()) ?? '';
const counted = async (page: Page, name: string) => Number(await text(page, `[data-count="${name}"]`));
const order = (page: Page, name: string, member: string) =>
  page.getByRole('button', { name: `${name} ${member}` }).click();

test('a person chats while members freeze and die, and the counters tell what became of the messages', async () => {
  const { said, url } = await startCloud();
  expect(said).toContain('3 members of boshd run, in eu, us');
  expect(said).toContain('NATS carries their mesh');
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);

  // m1 and m3 are of the first region, m2 of the second.
  await until('both are where they belong', async () => {
    const at = [await text(page, '#you'), await text(page, '#echo')];
    return /^m[13]$/.test(at[0] ?? '') && at[1] === 'm2';
  });
  await page.getByPlaceholder('Write to Echo').fill('are you there?');
  await until('Echo is there', async () => {
    await page.keyboard.press('Enter');
    return (await text(page, '#log')).includes('Echo: are you there?');
  });

  const owner = await text(page, '#you');
  await order(page, 'Freeze 5 s', owner);
  await until('it is frozen', async () => (await text(page, `#member-${owner} .badge`)) === 'frozen');
  await until('it goes on', async () => (await text(page, `#member-${owner} .badge`)) === 'live');
  const before = await counted(page, 'heard');
  await until('messages are heard again', async () => (await counted(page, 'heard')) > before + 40);
  expect(await counted(page, 'lost')).toBe(0);
  expect(await counted(page, 'doubled')).toBe(0);
  expect(await counted(page, 'ended')).toBe(0);

  await order(page, 'Kill', owner);
  await until('it is dead', async () => (await text(page, `#member-${owner} .badge`)) === 'dead');
  await until('the page signed in again elsewhere', async () => {
    const at = await text(page, '#you');
    return /^m\d$/.test(at) && at !== owner && (await text(page, '#state')) === 'Online';
  });
  await until('the end is counted', async () => (await counted(page, 'ended')) > 0);
  await order(page, 'Restart', owner);
  await until('it lives', async () => (await text(page, `#member-${owner} .badge`)) === 'live');

  await order(page, 'Drain', 'm2');
  await until('it drains', async () => (await text(page, '#member-m2 .badge')) === 'draining');
  await page.getByRole('button', { name: 'Cut the mesh for 5 s' }).click();
  await until('the mesh is cut', async () => (await text(page, '#mesh')).includes('it is cut now'));
  expect(await counted(page, 'doubled')).toBe(0);
  expect(complaints).toEqual([]);
});

test('without NATS sockets carry the mesh; a member that was killed is started again; pages of other sites give no orders', async () => {
  const { said, url } = await startCloud('--mesh', 'sockets');
  expect(said).toContain('Sockets carry their mesh');
  const stateOf = async (index: number) => {
    const response = await fetch(`${url}cloud/state.json`);
    const { members } = (await response.json()) as { members: { state: string; sees: string[] }[] };
    return members[index];
  };
  const kill = (headers: Record<string, string> = {}) =>
    fetch(`${url}cloud/kill?member=m1`, { method: 'POST', headers });
  expect((await kill({ origin: 'http://evil.example' })).status).toBe(403);
  expect((await stateOf(0))?.state).toBe('live');
  expect((await kill()).status).toBe(200);
  await until('it is dead', async () => (await stateOf(0))?.state === 'dead');
  await until('another knows it', async () => (await stateOf(1))?.sees.includes('m1 is gone') === true);
  await fetch(`${url}cloud/restart?member=m1`, { method: 'POST' });
  await until(
    'the others know it again',
    async () => (await stateOf(1))?.sees.includes('m1 is live') === true,
  );
});
