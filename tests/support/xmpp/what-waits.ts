import type { ChatSession } from './chat-session.ts';
import { child } from './xml.ts';

const PRESENCE = `<presence xmlns='jabber:client'/>`;

/**
 * The messages that the server has kept for a user who has just logged in, oldest first: those that come before one that
 * is sent to the user now.
 */
export async function whatWaits(user: ChatSession, sender: ChatSession): Promise<readonly string[]> {
  user.send(PRESENCE);
  await user.next('its own presence', ({ name }) => name === 'presence');
  sender.message(user.jid, 'That was all.', 'all');
  const texts: string[] = [];
  for (;;) {
    const text = await user.nextMessage();
    if (text === 'That was all.') return texts;
    texts.push(text);
  }
}

/** Makes a user available, so that messages to the account come. */
export async function showUp(user: ChatSession): Promise<void> {
  user.send(PRESENCE);
  await user.next('its own presence', ({ name }) => name === 'presence');
}

/** The errors that came back to a sender, by the ids of the messages. */
export function errorsOf({ inbox }: ChatSession): readonly string[] {
  return inbox
    .filter((payload) => payload.attributes.get('type') === 'error' && child(payload, 'error') !== undefined)
    .map(({ attributes }) => attributes.get('id') ?? '');
}
