/** What happens to the page that a session lives in. */
interface PageUser {
  /** There is a network again, the page was frozen, or is looked at again. */
  wake(): void;
  /** The browser stops the page, and may go on with it later, or not. */
  freeze(): void;
  /** The page goes away: reloaded, left or closed. Nothing that takes time can be done. */
  leave(): void;
  /** It is back as it was (from the back/forward cache). */
  restore(): void;
}

/** Listens to the page until the returned function is called. In Node there is nothing to hear. */
export function watchPage(user: PageUser): () => void {
  const stops: (() => void)[] = [];
  const listen = (target: EventTarget, type: string, heard: (event: Event) => void): void => {
    target.addEventListener(type, heard);
    stops.push(() => target.removeEventListener(type, heard));
  };
  if (typeof navigator === 'object' && 'onLine' in navigator && typeof addEventListener === 'function')
    listen(globalThis, 'online', () => user.wake());
  if (typeof document === 'object' && typeof window === 'object') {
    listen(document, 'freeze', () => user.freeze());
    listen(document, 'resume', () => user.wake());
    listen(window, 'pagehide', () => user.leave());
    listen(window, 'pageshow', (event) => {
      if (event instanceof PageTransitionEvent && event.persisted) user.restore();
    });
  }
  return () => {
    for (const stop of stops.splice(0)) stop();
  };
}
