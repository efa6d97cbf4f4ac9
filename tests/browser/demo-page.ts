import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export async function sees(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

export async function seesPerson(page: Page, name: string, status: string): Promise<void> {
  await page.getByRole('button', { name: `${name} ${status}`, exact: true }).waitFor();
}

export async function say(page: Page, text: string): Promise<void> {
  await page.keyboard.insertText(text);
  await page.keyboard.press('Enter');
}

export async function conversationOf(page: Page): Promise<readonly string[]> {
  return page.locator('#log .message > p:first-of-type').allTextContents();
}

/** What the page says of its own messages, oldest first. */
export async function fatesOf(page: Page): Promise<readonly (string | null)[]> {
  const rows = await page.locator('#log .mine').all();
  return Promise.all(rows.map((row) => row.getAttribute('data-state')));
}

export function focusedId(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.id);
}

/** How much wider the page is than what shows of it. */
export function tooWide(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** What axe finds wrong, rule by rule, in a tab without the page's policy: axe tries inline styles. */
export async function axe(page: Page): Promise<readonly string[]> {
  const source = await readFile(AXE, 'utf8');
  const result: AxeResult = await page.evaluate(
    `${source};\naxe.run(document, { resultTypes: ['violations'] })`,
  );
  return result.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
