import { type Mechanism, startSasl } from '../../support/xmpp/sasl.ts';
import { child, mustChild, type XmlElement } from '../../support/xmpp/xml.ts';
import { describe, isGood } from './reply.ts';
import type { Attributes, Session } from './session.ts';

export const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
export const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
const CHALLENGES_MAX = 10;

/** In which order they are tried; the first that is offered is taken. */
const MECHANISMS: readonly Mechanism[] = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'];

/** Whose sessions the cases make; without a user, guests (SASL ANONYMOUS). */
export interface Account {
  readonly user: string | undefined;
  readonly password: string;
}

/** Creates, authenticates, restarts, binds. Throws with what stood in the way. */
export async function logIn(session: Session, account: Account, attributes: Attributes = {}): Promise<void> {
  const created = await session.create(attributes);
  if (!isGood(created)) throw new Error(`creation: ${describe(created)}`);
  session.take(created);
  await finishLogIn(session, account);
}

/** What follows the creation of a session, or the opening of a further stream. */
export async function finishLogIn(session: Session, account: Account): Promise<void> {
  const features = await session.until('features', isFeatures);
  await authenticate(session, account, features);
  const restart = {
    to: session.domain,
    'xml:lang': 'en',
    'xmlns:xmpp': 'urn:xmpp:xbosh',
    'xmpp:restart': 'true',
  };
  session.take(await session.ask('', restart));
  await session.until('features after the restart', isFeatures);
  await bind(session);
}

/** SASL up to <success/>, which stays the last thing that came. */
export async function authenticate(session: Session, account: Account, features: XmlElement): Promise<void> {
  const { user, password } = account;
  const offered = child(features, 'mechanisms', SASL)?.children.map(({ text }) => text) ?? [];
  const mechanism =
    user === undefined ? 'ANONYMOUS' : (MECHANISMS.find((each) => offered.includes(each)) ?? 'PLAIN');
  const exchange = startSasl(mechanism, user ?? '', password);
  let toSend = `<auth xmlns='${SASL}' mechanism='${mechanism}'>${base64(exchange.initial)}</auth>`;
  for (let round = 0; round < CHALLENGES_MAX; round += 1) {
    session.take(await session.ask(toSend));
    const answer = await session.until('an answer to SASL', ({ namespace }) => namespace === SASL);
    const text = Buffer.from(answer.text, 'base64').toString();
    if (answer.name === 'success') {
      exchange.finish(text);
      return;
    }
    if (answer.name !== 'challenge') throw new Error(`log-in: <${answer.name}/> to ${mechanism}`);
    toSend = `<response xmlns='${SASL}'>${base64(exchange.answer(text))}</response>`;
  }
  throw new Error(`log-in: more than ${CHALLENGES_MAX} challenges`);
}

export async function bind(session: Session): Promise<void> {
  const iq = `<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='${BIND}'/></iq>`;
  session.take(await session.ask(iq));
  const bound = await session.until(
    'the bound resource',
    ({ attributes }) => attributes.get('id') === 'bind',
  );
  session.jid = mustChild(mustChild(bound, 'bind', BIND), 'jid').text;
}

export function isFeatures({ name }: XmlElement): boolean {
  return name === 'features';
}

/** RFC 6120 §6.4.2: empty data is written as a single "=". */
function base64(text: string): string {
  return text === '' ? '=' : Buffer.from(text).toString('base64');
}
