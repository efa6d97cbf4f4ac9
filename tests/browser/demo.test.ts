import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startChromium } from '../support/chromium.ts';
import { makeDirectory, type RunningProgram, startProgram, until } from '../support/program.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SECRET = 'demo';

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let browser: Browser;
let demo: Demo;
const contexts: BrowserContext[] = [];
/** What the pages wrote to their consoles as errors, and what they threw. */
const complaints: string[] = [];

interface Demo {
  readonly program: RunningProgram;
  readonly url: string;
}

/** The demo as a person starts it. */
async function startDemo(...args: readonly string[]): Promise<Demo> {
  const program = await startProgram({
    name: 'boshd demo',
    command: process.execPath,
    args: [MAIN, 'demo', '--listen', '127.0.0.1:0', ...args],
    directory: await makeDirectory('demo'),
    isReady: (output) => PAGE_URL.test(output),
  });
  return { program, url: PAGE_URL.exec(await program.log())?.[0] ?? '' };
}

const PAGE_URL = /http:\/\/(?:localhost|127\.0\.0\.1):\d+\//;

beforeAll(async () => {
  [browser, demo] = await Promise.all([startChromium(), startDemo()]);
});
afterEach(async () => {
  for (const context of contexts.splice(0)) {
    for (const page of context.pages()) await signOut(page);
    await context.close();
  }
  expect(complaints.splice(0)).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  await demo.program.stop();
});

type Look = Parameters<Browser['newContext']>[0];

async function openTab(look: Look = {}, url = demo.url): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, ...look });
  contexts.push(context);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return page;
}

/** Comes in by keyboard alone: the field has the focus. */
async function comeIn(nickname: string, look: Look = {}): Promise<Page> {
  const page = await openTab(look);
  await page.keyboard.type(nickname);
  await page.keyboard.press('Enter');
  await sees(page, '#state', `Online as ${nickname}`);
  return page;
}

async function signIn(jid: string, password: string, look: Look = {}): Promise<Page> {
  const page = await openTab(look);
  await page.getByText('Or use an XMPP account').click();
  await page.getByLabel('Address', { exact: true }).fill(jid);
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  return page;
}

/** So that the next test finds the domain empty. */
async function signOut(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Sign out' });
  if (!(await button.isVisible())) return;
  await button.click();
  await sees(page, '#state', 'Not signed in');
}

async function sees(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

async function seesPerson(page: Page, name: string, status: string): Promise<void> {
  await page.getByRole('button', { name: `${name} ${status}`, exact: true }).waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

async function conversationOf(page: Page): Promise<readonly string[]> {
  return page.locator('#log .message > p').allTextContents();
}

function focusedId(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.id);
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** What axe finds wrong, rule by rule, in a tab without the page's policy: axe tries inline styles. */
async function axe(page: Page): Promise<readonly string[]> {
  const source = await readFile(AXE, 'utf8');
  const result: AxeResult = await page.evaluate(
    `${source};\naxe.run(document, { resultTypes: ['violations'] })`,
  );
  return result.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

describe('two tabs', () => {
  it('see each other and chat both ways, by keyboard alone', async () => {
    const ada = await comeIn('Ada');
    expect(await ada.locator('#nobody').isVisible()).toBe(true);
    const grace = await comeIn('Grace');
    await seesPerson(ada, 'Grace', 'here');
    await seesPerson(grace, 'Ada', 'here');
    // The first to come is chosen, and the field to write in has the focus.
    await sees(ada, '#partner-name', 'Grace');
    await sees(grace, '#partner-name', 'Ada');
    expect([await focusedId(ada), await focusedId(grace)]).toEqual(['text', 'text']);
    await say(ada, 'Is the line open?');
    await sees(grace, '#log', 'Is the line open?');
    await say(grace, '<b>It is</b> & \u{1f339} \u{65e5}\u{672c}');
    await sees(ada, '#log', '<b>It is</b> & \u{1f339} \u{65e5}\u{672c}');
    await grace.keyboard.type('one');
    await grace.keyboard.press('Shift+Enter');
    await say(grace, 'two');
    await sees(ada, '#log', 'one\ntwo');
    const said = ['Is the line open?', '<b>It is</b> & \u{1f339} \u{65e5}\u{672c}', 'one\ntwo'];
    expect(await conversationOf(ada)).toEqual(said);
    expect(await conversationOf(grace)).toEqual(said);
  });

  it('go on after a character that XML cannot carry, and say that it was left out', async () => {
    const ada = await comeIn('Ada');
    const grace = await comeIn('Grace');
    await sees(ada, '#partner-name', 'Grace');
    await ada.locator('#text').fill('a\u000bb\u001b[0m');
    await ada.keyboard.press('Enter');
    await sees(grace, '#log', 'ab[0m');
    await sees(ada, '#log .problem', 'left out');
    await say(ada, 'still here');
    await sees(grace, '#log', 'still here');
  });

  it('show when the other one writes, and when it leaves', async () => {
    const ada = await comeIn('Ada');
    const grace = await comeIn('Grace');
    await sees(grace, '#partner-name', 'Ada');
    await grace.keyboard.type('Let me thi');
    await seesPerson(ada, 'Grace', 'is typing…');
    await grace.getByRole('button', { name: 'Sign out' }).click();
    await sees(grace, '#state', 'Not signed in');
    expect(await focusedId(grace)).toBe('nickname');
    await sees(ada, '#news', 'Grace has left.');
    await sees(ada, '#partner-status', 'not here');
    await say(ada, 'Still there?');
    await sees(ada, '#log .problem', 'Not delivered: nobody is there.');
  });

  it('hear at once of a tab that is closed', async () => {
    const ada = await comeIn('Ada');
    const grace = await comeIn('Grace');
    await seesPerson(ada, 'Grace', 'here');
    await grace.close({ runBeforeUnload: true });
    await sees(ada, '#news', 'Grace has left.');
  });

  it('keep fifty messages in order', async () => {
    const ada = await comeIn('Ada');
    const grace = await comeIn('Grace');
    await sees(grace, '#partner-name', 'Ada');
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
    for (const line of lines) await say(grace, line);
    await sees(ada, '#log', 'line 49');
    expect(await conversationOf(ada)).toEqual(lines);
  });

  it('count what is unread of a third', async () => {
    const ada = await comeIn('Ada');
    const grace = await comeIn('Grace');
    await sees(ada, '#partner-name', 'Grace');
    const mary = await comeIn('Mary');
    await seesPerson(mary, 'Ada', 'here');
    await mary.getByRole('button', { name: 'Ada here' }).click();
    await say(mary, 'psst');
    await seesPerson(ada, 'Mary', 'here 1 unread');
    await sees(ada, '#news', 'New message from Mary.');
    expect(await ada.title()).toBe('(1) boshd demo');
    // Escape to the people, arrow to the next one, Enter.
    await ada.keyboard.press('Escape');
    await ada.keyboard.press('ArrowDown');
    await ada.keyboard.press('Enter');
    await sees(ada, '#partner-name', 'Mary');
    expect(await conversationOf(ada)).toEqual(['psst']);
    expect(await ada.title()).toBe('boshd demo');
    await seesPerson(grace, 'Mary', 'here');
  });
});

describe('an account', () => {
  it('signs in by password and chats with a guest', async () => {
    const guest = await comeIn('Ada');
    const romeo = await signIn('romeo@demo.localhost', SECRET);
    await sees(romeo, '#state', 'Online as romeo@demo.localhost');
    await seesPerson(guest, 'romeo', 'here');
    await sees(romeo, '#partner-name', 'Ada');
    await say(romeo, 'Good morrow');
    await sees(guest, '#log', 'Good morrow');
  });

  it('in two tabs talks to itself', async () => {
    const first = await signIn('juliet@demo.localhost', SECRET);
    await sees(first, '#state', 'Online');
    const second = await signIn('juliet@demo.localhost', SECRET);
    await seesPerson(first, 'juliet (another tab)', 'here');
    await sees(second, '#partner-name', 'juliet (another tab)');
    await say(second, 'from tab to tab');
    await sees(first, '#log', 'from tab to tab');
  });

  it.each([
    ['romeo@demo.localhost', 'wrong', 'The name or the password is wrong.'],
    ['someone@no-such-domain.invalid', SECRET, 'No XMPP server could be reached for no-such-domain.invalid.'],
  ])('%s with %s gets a reason to act on', async (jid, password, title) => {
    const page = await signIn(jid, password);
    await sees(page, '#failure-title', title);
    expect(await focusedId(page)).toBe('failure');
    complaints.splice(0);
    // And may try again.
    await page.getByLabel('What shall').fill('Ada');
    await page.keyboard.press('Enter');
    await sees(page, '#state', 'Online as Ada');
    expect(await page.locator('#failure').isVisible()).toBe(false);
  });
});

describe('the wire', () => {
  it('shows each request with its rid and what it carried, and no secret', async () => {
    const romeo = await signIn('romeo@demo.localhost', SECRET);
    await sees(romeo, '#state', 'Online');
    await sees(romeo, '.exchange[data-state="held"]', 'empty poll');
    const entries = romeo.locator('.exchange');
    const count = await entries.count();
    for (let index = 0; index < count; index++) await entries.nth(index).locator('summary').click();
    const [text = ''] = await romeo.locator('#wire-list').allInnerTexts();
    for (const part of ['new session', 'auth', 'restart the stream', 'iq, presence', 'success', 'features']) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/rid \d+/);
    expect(text).toMatch(/<auth .*mechanism='SCRAM-SHA-256'.*>••••••<\/auth>/);
    expect(text).not.toMatch(/sid='[^•]/);
    const rids = [...text.matchAll(/^rid (\d+)$/gm)].map(([, rid]) => Number(rid));
    expect(rids).toEqual([...rids].sort((a, b) => b - a));
  });

  it('can be opened, cleared and closed by keyboard', async () => {
    const page = await comeIn('Ada', { viewport: { width: 900, height: 800 } });
    const toggle = page.locator('#wire-toggle');
    expect(await page.locator('#wire').isVisible()).toBe(false);
    await toggle.focus();
    await page.keyboard.press('Enter');
    expect(await toggle.getAttribute('aria-expanded')).toBe('true');
    await page.getByRole('button', { name: 'Clear' }).focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('.exchange').count()).toBe(0);
    await page.getByRole('button', { name: 'Close' }).focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#wire').isVisible()).toBe(false);
    expect(await focusedId(page)).toBe('wire-toggle');
  });
});

describe.each([
  ['by day', { colorScheme: 'light' }],
  ['at night', { colorScheme: 'dark' }],
  ['on a phone', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
] as const)('axe finds nothing %s', (_name, look) => {
  it('at the door', async () => {
    const page = await openTab({ ...look, bypassCSP: true });
    await page.getByText('Or use an XMPP account').click();
    expect(await axe(page)).toEqual([]);
  });

  it('in the room, with the wire open', async () => {
    const ada = await comeIn('Ada', { ...look, bypassCSP: true, reducedMotion: 'reduce' });
    const grace = await comeIn('Grace');
    await sees(grace, '#partner-name', 'Ada');
    await say(grace, 'hello');
    await sees(ada, '#log', 'hello');
    await say(ada, 'hello yourself');
    if ((await ada.locator('body').getAttribute('data-wire')) === 'closed')
      await ada.locator('#wire-toggle').click();
    await ada.locator('.exchange summary').nth(1).click();
    expect(await axe(ada)).toEqual([]);
    const wide = await ada.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide).toBeLessThanOrEqual(0);
  });
});

it('says that the service is being restarted when boshd is stopped', async () => {
  const own = await startDemo();
  const page = await openTab({}, own.url);
  await say(page, 'Ada');
  await sees(page, '#state', 'Online');
  await sees(page, '.exchange[data-state="held"]', 'empty poll');
  await own.program.stop();
  await sees(page, '#failure-title', 'The service is being restarted.');
  await page.close();
  complaints.splice(0);
});

it('says that it gets no answer while boshd is dead', async () => {
  const own = await startDemo();
  const page = await openTab({}, own.url);
  await say(page, 'Ada');
  await sees(page, '.exchange[data-state="held"]', 'empty poll');
  await own.program.end('SIGKILL');
  await own.program.stop();
  await sees(page, '#state', 'No answer, trying again…');
  await until('the complaints of the browser', () => complaints.length > 0);
  await page.close();
  complaints.splice(0);
});

it("the operator's page finds a session, ends it and drains, with a token of its own", async () => {
  const own = await startDemo('--admin-listen', '127.0.0.1:0');
  const admin = /http:\/\/127\.0\.0\.1:\d+\/ is the status page/
    .exec(await own.program.log())?.[0]
    ?.split(' ')[0];
  const ada = await openTab({}, own.url);
  await say(ada, 'Ada');
  await sees(ada, '#state', 'Online');
  const page = await openTab({ viewport: { width: 390, height: 844 }, bypassCSP: true }, admin);
  page.on('dialog', (dialog) => void dialog.accept());
  await sees(page, '#found', '1 session or WebSocket');
  await page.getByRole('searchbox').fill('nobody.example');
  await sees(page, '#found', '0 sessions');
  await page.getByRole('searchbox').fill('demo.localhost');
  await sees(page, '#sessions tbody', 'logged in');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide).toBeLessThanOrEqual(0);
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: /^Kick / }).click();
  await sees(ada, '#failure-title', '');
  await sees(page, '#found', '0 sessions');
  await page.getByRole('button', { name: 'Drain' }).click();
  await sees(page, '#verdict', 'take no new sessions');
  complaints.splice(0);
});
