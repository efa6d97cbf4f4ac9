import type { Session } from './session.ts';

/** Empty polls that a step of the log-in may need until its answer is there. */
const pollsMax = 20;

const creation =
  " xml:lang='en' wait='55' hold='1' content='text/xml; charset=utf-8' ver='1.6' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'";

/** Creates the session and goes through PLAIN, restart and bind, as Strophe does. Rejects when the session ends on the way. */
export async function logIn(session: Session): Promise<void> {
  const { domain } = session.target;
  await exchange(session, '', ` to='${domain}'${creation}`, '<mechanism>');
  const credentials = Buffer.from(`\0user${session.number}\0secret`).toString('base64');
  const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${credentials}</auth>`;
  await exchange(session, auth, '', '<success');
  const restart = ` to='${domain}' xml:lang='en' xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'`;
  await exchange(session, '', restart, 'xmpp-bind');
  const bind =
    "<iq type='set' id='_bind_auth_2' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
  await exchange(session, bind, '', '<jid>');
}

/** Ends the session as Strophe does; resolves with the reply. */
export async function logOut(session: Session): Promise<void> {
  const unavailable = "<presence type='unavailable' xmlns='jabber:client'/>";
  session.leaving = true;
  await exchange(session, unavailable, " type='terminate'", 'terminate');
}

/** Sends a request and polls until a reply contains `awaited`. */
function exchange(session: Session, payload: string, attributes: string, awaited: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let pollsLeft = pollsMax;
    session.listener = {
      replied: (body) => {
        if (session.sid === '') session.sid = /\ssid=['"]([^'"]+)['"]/.exec(body)?.[1] ?? '';
        if (body.includes(awaited)) return resolve();
        pollsLeft -= 1;
        if (pollsLeft === 0)
          return reject(new Error(`no ${awaited} within ${pollsMax} polls, last: ${body.slice(0, 200)}`));
        if (session.openRequests === 0) session.request('', '');
      },
      ended: (why) => reject(new Error(why)),
      connectionClosed: () => undefined,
    };
    session.request(payload, attributes);
  });
}
