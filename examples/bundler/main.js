import { connect, xml } from '@boshd/client';

const login = document.querySelector('#login');
const chat = document.querySelector('#chat');
const state = document.querySelector('#state');

login.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { jid, password } = Object.fromEntries(new FormData(login));
  const session = connect({ url: '/http-bind', jid, password });
  session.onState(({ name, reason }) => {
    state.textContent = reason === undefined ? name : `${name}: ${reason.advice}`;
    chat.hidden = name !== 'online' && name !== 'interrupted';
  });
  chat.addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    const { to, text } = Object.fromEntries(new FormData(chat));
    const line = show(`me: ${text} (sending)`);
    const { done } = session.send(xml('message', { to, type: 'chat' }, xml('body', {}, text)));
    done.then(
      () => {
        line.textContent = `me: ${text} (sent)`;
      },
      ({ advice }) => {
        line.textContent = `me: ${text} (${advice})`;
      },
    );
    chat.elements.text.value = '';
  });
  try {
    for await (const stanza of session) {
      const text = stanza.name === 'message' ? stanza.child('body')?.text : undefined;
      if (text !== undefined) show(`${stanza.attributes.from}: ${text}`);
    }
  } catch {
    // Why it ended is what `state` shows.
  }
});

function show(text) {
  const line = document.createElement('li');
  line.textContent = text;
  document.querySelector('#log').append(line);
  return line;
}
