import { addToStanza } from '@boshd/client/stanza';
import * as XMPP from 'stanza';

const login = document.querySelector('#login');
const chat = document.querySelector('#chat');
const state = document.querySelector('#state');

login.addEventListener('submit', (event) => {
  event.preventDefault();
  const { jid, password } = Object.fromEntries(new FormData(login));
  const client = XMPP.createClient({
    jid,
    password,
    transports: { boshd: '/http-bind', bosh: false, websocket: false },
    transportPreferenceOrder: ['boshd'],
  });
  addToStanza(client, XMPP);
  client.on('connected', () => {
    state.textContent = 'connected';
  });
  client.on('session:started', () => {
    state.textContent = 'online';
    chat.hidden = false;
    client.sendPresence();
  });
  client.on('auth:failed', () => show('The name or the password is wrong.'));
  client.on('disconnected', () => {
    state.textContent = 'disconnected';
  });
  client.on('message', ({ from, body }) => {
    if (body) show(`${from}: ${body}`);
  });
  chat.addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    const { to, text } = Object.fromEntries(new FormData(chat));
    client.sendMessage({ to, type: 'chat', body: text });
    show(`me: ${text}`);
    chat.elements.text.value = '';
  });
  client.connect();
});

function show(text) {
  const line = document.createElement('li');
  line.textContent = text;
  document.querySelector('#log').append(line);
}
