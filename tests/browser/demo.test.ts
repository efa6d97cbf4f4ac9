import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startChromium } from '../support/chromium.ts';
import { makeDirectory, type RunningProgram, startProgram, until } from '../support/program.ts';
import { axe, conversationOf, fatesOf, focusedId, say, sees, seesPerson, tooWide } from './demo-page.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const SECRET = 'demo';

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let browser: Browser;
let demo: Demo;
/** Of one person's browser: its tabs share what a browser has once. */
let context: BrowserContext;
/** What the pages wrote to their consoles as errors, and what they threw. */
const complaints: string[] = [];

interface Demo {
  readonly program: RunningProgram;
  readonly url: string;
  readonly admin: string;
}

/** The demo as a person starts it. */
async function startDemo(at = '127.0.0.1:0'): Promise<Demo> {
  const program = await startProgram({
    name: 'boshd demo',
    command: process.execPath,
    args: [MAIN, 'demo', '--listen', at, '--admin-listen', '127.0.0.1:0'],
    directory: await makeDirectory('demo'),
    isReady: (output) => output.includes('Ctrl-C'),
  });
  const said = await program.log();
  return { program, url: PAGE_URL.exec(said)?.[0] ?? '', admin: ADMIN_URL.exec(said)?.[0] ?? '' };
}

const PAGE_URL = /http:\/\/localhost:\d+\//;
const ADMIN_URL = /http:\/\/127\.0\.0\.1:\d+\/(?= is the status page)/;

beforeAll(async () => {
  [browser, demo] = await Promise.all([startChromium(), startDemo()]);
  context = await openBrowser();
});
afterEach(() => {
  expect(complaints.splice(0)).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  await demo.program.stop();
});

type Look = Parameters<Browser['newContext']>[0];

/** Nothing moves in it: a browser without a graphics card draws animations at the cost of all else. */
async function openBrowser(look: Look = {}): Promise<BrowserContext> {
  const opened = await browser.newContext({
    viewport: { width: 1130, height: 600 },
    reducedMotion: 'reduce',
    ...look,
  });
  opened.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  opened.on('weberror', (error) => complaints.push(String(error.error())));
  return opened;
}

async function openTab(of = context, url = demo.url): Promise<Page> {
  const page = await of.newPage();
  await page.goto(url);
  return page;
}

/** Comes in by keyboard alone: the field has the focus. */
async function comeIn(nickname: string, of = context, url = demo.url): Promise<Page> {
  const page = await openTab(of, url);
  await page.keyboard.insertText(nickname);
  await page.keyboard.press('Enter');
  await sees(page, '#state', `Online as ${nickname}`);
  return page;
}

async function signIn(jid: string, password: string, of = context): Promise<Page> {
  const page = await openTab(of);
  await page.getByText('Or use an XMPP account').click();
  await page.getByLabel('Address', { exact: true }).fill(jid);
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  return page;
}

/** Signed out, so that nobody of a test is there in the next one. */
async function close(...pages: readonly Page[]): Promise<void> {
  for (const page of pages) {
    await page.locator('#sign-out').dispatchEvent('click');
    await sees(page, '#state', 'Not signed in');
    await page.close();
  }
}

describe('two tabs', () => {
  let ada: Page;
  let grace: Page;
  const said: string[] = [];

  it('see each other and chat both ways, by keyboard alone', async () => {
    ada = await comeIn('Ada');
    expect(await ada.locator('#nobody').isVisible()).toBe(true);
    grace = await comeIn('Grace');
    await seesPerson(ada, 'Grace', 'here');
    await seesPerson(grace, 'Ada', 'here');
    // The first to come is chosen, and the field to write in has the focus.
    await sees(ada, '#partner-name', 'Grace');
    await sees(grace, '#partner-name', 'Ada');
    expect([await focusedId(ada), await focusedId(grace)]).toEqual(['text', 'text']);
    await ada.keyboard.type('Is the line open?');
    await ada.keyboard.press('Enter');
    await sees(grace, '#log', 'Is the line open?');
    await say(grace, '<b>It is</b> & \u{1f339} \u{65e5}\u{672c}');
    await sees(ada, '#log', '<b>It is</b> & \u{1f339} \u{65e5}\u{672c}');
    await grace.keyboard.type('one');
    await grace.keyboard.press('Shift+Enter');
    await say(grace, 'two');
    await sees(ada, '#log', 'one\ntwo');
    said.push('Is the line open?', '<b>It is</b> & \u{1f339} \u{65e5}\u{672c}', 'one\ntwo');
    expect(await conversationOf(ada)).toEqual(said);
    expect(await conversationOf(grace)).toEqual(said);
  });

  it('go on after a character that XML cannot carry, and say that it was left out', async () => {
    await ada.locator('#text').fill('a\u000bb\u001b[0m');
    await ada.keyboard.press('Enter');
    await sees(grace, '#log', 'ab[0m');
    await sees(ada, '#log .problem', 'left out');
    await say(ada, 'still here');
    await sees(grace, '#log', 'still here');
    said.push('ab[0m', 'still here');
  });

  it('show when the other one writes', async () => {
    await grace.keyboard.type('Let me thi');
    await seesPerson(ada, 'Grace', 'is typing…');
    await grace.locator('#text').fill('');
  });

  it('keep twelve messages in order, and say of each that it is sent', async () => {
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`);
    for (const line of lines) await say(grace, line);
    said.push(...lines);
    await sees(ada, '#log', 'line 11');
    expect(await conversationOf(ada)).toEqual(said);
    await until('all are sent', async () => (await fatesOf(grace)).every((fate) => fate === 'sent'));
  });

  it('stay over a reload, with session and talk', async () => {
    const jid = await grace.locator('.person[title*="@"]').first().getAttribute('title');
    await ada.locator('#text').fill('not sent yet');
    await Promise.all([ada.reload(), say(grace, 'while you reload')]);
    await sees(ada, '#state', 'Online as Ada');
    await sees(ada, '#log', 'while you reload');
    said.push('while you reload');
    expect(await conversationOf(ada)).toEqual(said);
    expect(await ada.locator('#text').inputValue()).toBe('not sent yet');
    await seesPerson(ada, 'Grace', 'here');
    await ada.locator('#text').fill('I am back');
    await ada.locator('#text').press('Enter');
    await sees(grace, '#log', 'I am back');
    said.push('I am back');
    // The same Ada: she never left.
    expect(await conversationOf(grace)).toEqual(said);
    await seesPerson(grace, 'Ada', 'here');
    expect(await grace.locator('.person').filter({ hasText: 'Ada' }).count()).toBe(1);
    expect(await grace.locator('.person').filter({ hasText: 'Ada' }).getAttribute('title')).toBe(jid);
    await sees(ada, '#wire-list', 'pause');
  });

  it('say "sending" while offline, and "sent" when it is', async () => {
    await context.setOffline(true);
    await say(ada, 'into the dark');
    await say(ada, 'once more');
    await sees(ada, '#state', 'No answer, trying again…');
    await sees(ada, '.mine .fate', 'sending…');
    expect((await fatesOf(ada)).slice(-2)).toEqual(['sending', 'sending']);
    await context.setOffline(false);
    said.push('into the dark', 'once more');
    await sees(grace, '#log', 'once more');
    expect(await conversationOf(grace)).toEqual(said);
    await until('both are sent', async () => (await fatesOf(ada)).every((fate) => fate === 'sent'));
    await sees(ada, '#state', 'Online as Ada');
    complaints.splice(0);
  });

  it('go on when the process that serves them is killed by a button', async () => {
    const pid = await ada.locator('#worker-name').textContent();
    const button = ada.getByRole('button', { name: 'Kill it' });
    const origin = new URL(demo.url).origin;
    const foreign = [{}, { origin: 'https://evil.example' }, { origin, via: '1.1 proxy' }];
    for (const headers of foreign) {
      const refused = await fetch(`${demo.url}demo/worker`, { method: 'POST', headers });
      expect([headers, refused.status]).toEqual([headers, 403]);
    }
    await button.click();
    await ada.locator('#text').fill('whom did you kill?');
    await ada.locator('#text').press('Enter');
    said.push('whom did you kill?');
    await sees(grace, '#log', 'whom did you kill?');
    await sees(ada, '#worker-story', 'the same session goes on');
    await until('it can be killed again', () => button.isEnabled());
    expect(await ada.locator('#worker-story').textContent()).toMatch(
      /\d+ ms process \d+ was killed.*\d+ ms process \d+ serves/,
    );
    expect(await ada.locator('#worker-name').textContent()).not.toBe(pid);
    expect(await conversationOf(grace)).toEqual(said);
    await sees(ada, '#state', 'Online as Ada');
    complaints.splice(0);
  });

  it('count what is unread of a third', async () => {
    const mary = await comeIn('Mary');
    await seesPerson(mary, 'Ada', 'here');
    await mary.getByRole('button', { name: 'Ada here' }).click();
    await say(mary, 'psst');
    await seesPerson(ada, 'Mary', 'here 1 unread');
    await sees(ada, '#news', 'New message from Mary.');
    expect(await ada.title()).toBe('(1) boshd demo');
    // Escape to the people, arrow to the next one, Enter.
    await ada.locator('#text').press('Escape');
    await ada.keyboard.press('ArrowDown');
    await ada.keyboard.press('Enter');
    await sees(ada, '#partner-name', 'Mary');
    expect(await conversationOf(ada)).toEqual(['psst']);
    expect(await ada.title()).toBe('boshd demo');
    await close(mary);
  });

  it('hear soon of one that is closed', async () => {
    await grace.close({ runBeforeUnload: true });
    await sees(ada, '#news', 'Grace has left.');
  });

  it('hear of one that crashed', async () => {
    const mary = await comeIn('Mary');
    await sees(ada, '#news', 'Mary is here.');
    const debuggee = await context.newCDPSession(mary);
    const crashed = mary.waitForEvent('crash');
    debuggee.send('Page.crash').catch(() => undefined);
    await crashed;
    await sees(ada, '#news', 'Mary has left.');
    await mary.close();
  });

  it('hear at once of one that signs out, and that nobody is there any more', async () => {
    grace = await comeIn('Grace');
    await ada.getByRole('button', { name: 'Grace here' }).click();
    await grace.getByRole('button', { name: 'Sign out' }).click();
    await sees(grace, '#state', 'Not signed in');
    expect(await focusedId(grace)).toBe('nickname');
    await sees(ada, '#news', 'Grace has left.');
    await sees(ada, '#partner-status', 'not here');
    await say(ada, 'Still there?');
    await sees(ada, '#log .problem', 'Not delivered: nobody is there.');
    await grace.close();
    await close(ada);
  });
});

describe('an account', () => {
  it('signs in by password, stays over a reload, and talks to itself in another tab', async () => {
    const romeo = await signIn('romeo@demo.localhost', SECRET);
    await sees(romeo, '#state', 'Online as romeo@demo.localhost');
    await sees(romeo, '.exchange[data-state="held"]', 'empty poll');
    await checkWire(romeo);
    const guest = await comeIn('Ada');
    await seesPerson(guest, 'romeo', 'here');
    await sees(romeo, '#partner-name', 'Ada');
    await romeo.reload();
    await sees(romeo, '#state', 'Online as romeo@demo.localhost');
    await romeo.locator('#text').fill('Good morrow');
    await romeo.locator('#text').press('Enter');
    await sees(guest, '#log', 'Good morrow');
    const second = await signIn('romeo@demo.localhost', SECRET);
    await seesPerson(romeo, 'romeo (another tab)', 'here');
    await second.getByRole('button', { name: 'romeo (another tab) here' }).click();
    await say(second, 'from tab to tab');
    await seesPerson(romeo, 'romeo (another tab)', 'here 1 unread');
    await close(romeo, second, guest);
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
    if (password === SECRET) return page.close();
    await page.getByLabel('What shall').fill('Ada');
    await page.keyboard.press('Enter');
    await sees(page, '#state', 'Online as Ada');
    expect(await page.locator('#failure').isVisible()).toBe(false);
    await close(page);
  });
});

/** Each request with its rid and what it carried, and no secret. */
async function checkWire(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('.exchange details')) details.setAttribute('open', '');
  });
  await page.locator('.exchange .xml').last().waitFor();
  const [text = ''] = await page.locator('#wire-list').allInnerTexts();
  for (const part of ['new session', 'auth', 'restart the stream', 'presence', 'success', 'features']) {
    expect(text).toContain(part);
  }
  expect(text).toMatch(/<auth .*mechanism='SCRAM-SHA-256'.*>••••••<\/auth>/);
  expect(text).not.toMatch(/sid='[^•]/);
  const rids = [...text.matchAll(/^rid (\d+)$/gm)].map(([, rid]) => Number(rid));
  expect(rids.length).toBeGreaterThan(4);
  expect(rids).toEqual([...rids].sort((a, b) => b - a));
}

it("a phone's first screen shows the people, and the wire when it is asked for", async () => {
  const phone = await openBrowser({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const other = await comeIn('Grace');
  const page = await comeIn('Ada', phone);
  await seesPerson(page, 'Grace', 'here');
  await other.getByRole('button', { name: 'Ada here' }).click();
  await say(other, 'hello');
  await seesPerson(page, 'Grace', 'here 1 unread');
  await page.getByRole('button', { name: 'Grace here 1 unread' }).tap();
  await sees(page, '#log', 'hello');
  expect(await page.locator('#people-list').isVisible()).toBe(false);
  expect(await tooWide(page)).toBeLessThanOrEqual(0);
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
  await close(other, page);
  await phone.close();
});

it('axe finds nothing by day, at night and on a phone: at the door, and in the room with the wire open', async () => {
  const looks = [
    ['light', 1360, 860],
    ['dark', 1360, 860],
    ['light', 360, 740],
  ] as const;
  const viewer = await openBrowser({ bypassCSP: true });
  const page = await openTab(viewer);
  const check = async () => {
    for (const [colorScheme, width, height] of looks) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height });
      expect([colorScheme, width, await axe(page)]).toEqual([colorScheme, width, []]);
      expect(await tooWide(page)).toBeLessThanOrEqual(0);
    }
    await page.setViewportSize({ width: 1360, height: 860 });
  };
  await page.getByText('Or use an XMPP account').click();
  await check();
  await page.locator('#nickname').fill('Ada');
  await page.keyboard.press('Enter');
  const grace = await comeIn('Grace');
  await sees(grace, '#partner-name', 'Ada');
  await say(grace, 'hello');
  await sees(page, '#log', 'hello');
  await page.locator('#text').fill('hello yourself');
  await page.keyboard.press('Enter');
  await sees(page, '.fate', 'sent');
  await page.locator('.exchange summary').nth(1).click();
  await check();
  await close(page, grace);
  await viewer.close();
});

it('twenty tabs of one browser are twenty people', async () => {
  const small = await openBrowser({ viewport: { width: 320, height: 240 } });
  const names = Array.from({ length: 20 }, (_, index) => `Tab ${index + 1}`);
  const tabs: Page[] = [];
  tabs.push(await comeIn('Tab 1', small));
  for (const _ of names.slice(1)) tabs.push(await openTab(small));
  for (const [index, tab] of tabs.entries()) {
    if (index === 0) continue;
    await tab.keyboard.insertText(names[index] ?? '');
    await tab.keyboard.press('Enter');
  }
  const [first, last] = [tabs[0] as Page, tabs[19] as Page];
  for (const tab of [first, last]) await tab.locator('.person[data-online="true"]').nth(18).waitFor();
  await last.getByRole('button', { name: 'Tab 1 here', exact: true }).click();
  await say(last, 'from the other end');
  await first.getByRole('button', { name: /^Tab 20 here/ }).click();
  await sees(first, '#log', 'from the other end');
  await say(first, 'and back');
  await sees(last, '#log', 'and back');
  await sees(last, '.fate', 'sent');
  // What does not fit into a browser's six connections goes over WebSockets.
  await last.locator('#wire-toggle').click();
  expect(await last.locator('.exchange .frame').count()).toBeGreaterThan(5);
  expect(await first.locator('.exchange .frame').count()).toBe(0);
  await last.reload();
  await sees(last, '#state', 'Online as Tab 20');
  expect(await conversationOf(last)).toEqual(['from the other end', 'and back']);
  await small.close();
});

// The last one: it leaves no demo behind, and the people of the test before go with it.
it('a service that was stopped, or died, is connected to at once by a button; its operator ends sessions on a page', async () => {
  const page = await comeIn('Ada');
  const button = page.getByRole('button', { name: 'Connect now' });
  expect(await button.isVisible()).toBe(false);
  await demo.program.end('SIGKILL');
  await sees(page, '#state', 'No answer, trying again…');
  expect(await button.isVisible()).toBe(true);
  await demo.program.stop();
  demo = await startDemo(`127.0.0.1:${new URL(demo.url).port}`);
  // It may be back by itself meanwhile, a few seconds after the service.
  if (await button.isVisible()) await button.click({ timeout: 1000 }).catch(() => undefined);
  await sees(page, '#state', 'Online as Ada');
  expect(await button.isVisible()).toBe(false);
  await checkOperator(demo.admin, page);
  await demo.program.end('SIGTERM');
  await sees(page, '#wire-list', 'system-shutdown');
  await sees(page, '#state', 'trying again…');
  await page.close();
  complaints.splice(0);
});

/** The operator's page finds a session, ends it and drains, with a token of its own. */
async function checkOperator(admin: string, ada: Page): Promise<void> {
  const operator = await openBrowser({ viewport: { width: 390, height: 844 }, bypassCSP: true });
  const page = await openTab(operator, admin);
  page.on('dialog', (dialog) => void dialog.accept());
  await sees(page, '#found', '1 session or WebSocket');
  await page.getByRole('searchbox').fill('nobody.example');
  await sees(page, '#found', '0 sessions');
  await page.getByRole('searchbox').fill('demo.localhost');
  await sees(page, '#sessions tbody', 'logged in');
  expect(await tooWide(page)).toBeLessThanOrEqual(0);
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: /^Kick / }).click();
  await sees(ada, '#failure-title', 'The service refused this session.');
  await ada.getByLabel('What shall').fill('Ada');
  await ada.keyboard.press('Enter');
  await sees(ada, '#state', 'Online as Ada');
  await page.getByRole('button', { name: 'Drain' }).click();
  await sees(page, '#verdict', 'take no new sessions');
  await operator.close();
}
