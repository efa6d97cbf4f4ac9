import { type Browser, chromium } from 'playwright-core';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts Debian's Chromium without a window; nothing in it talks to anything but the pages that a test opens.
 *
 * This is its build without windows, menus and profiles: engine and network are the same, and a page costs a seventh of the
 * CPU time (0.1 s instead of 0.7 s to open it in a context of its own, Chromium 156).
 */
export function startChromium(): Promise<Browser> {
  return start('/usr/bin/chromium-headless-shell');
}

/** The browser that people have, for what it does with its tabs: closes, freezes and keeps them. */
export function startWholeChromium(): Promise<Browser> {
  return start('/usr/bin/chromium');
}

function start(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: ARGS });
}
