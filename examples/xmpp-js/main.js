import { Bosh } from '@boshd/client/xmpp.js';
import { client, xml } from '@xmpp/client';

const login = document.querySelector('#login');
const chat = document.querySelector('#chat');
const state = document.querySelector('#state');

login.addEventListener('submit', (event) => {
  event.preventDefault();
  const { jid, password } = Object.fromEntries(new FormData(login));
  const [username, domain] = jid.split('@');
  const service = new URL('/http-bind', location.href).href;
  const xmpp = client({ service, domain, username, password });
  xmpp.transports.push(Bosh);
  xmpp.on('status', (status) => {
    state.textContent = status;
  });
  xmpp.on('error', ({ message }) => show(message));
  xmpp.on('online', () => {
    chat.hidden = false;
    xmpp.send(xml('presence'));
  });
  xmpp.on('stanza', (stanza) => {
    const text = stanza.is('message') && stanza.getChildText('body');
    if (text) show(`${stanza.attrs.from}: ${text}`);
  });
  chat.addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    const { to, text } = Object.fromEntries(new FormData(chat));
    xmpp.send(xml('message', { to, type: 'chat' }, xml('body', {}, text)));
    show(`me: ${text}`);
    chat.elements.text.value = '';
  });
  xmpp.start().catch(({ message }) => show(message));
});

function show(text) {
  const line = document.createElement('li');
  line.textContent = text;
  document.querySelector('#log').append(line);
}
