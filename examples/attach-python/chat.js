const chat = document.querySelector('#chat');
const state = document.querySelector('#state');

const session = boshd.connect({ url: '/http-bind', attach: madeForMe });
session.onState(({ name, reason }) => {
  state.textContent = reason === undefined ? name : `${name}: ${reason.advice}`;
  chat.hidden = name !== 'online' && name !== 'interrupted';
});

chat.addEventListener('submit', (submitted) => {
  submitted.preventDefault();
  const { to, text } = Object.fromEntries(new FormData(chat));
  session.send(boshd.xml('message', { to, type: 'chat' }, boshd.xml('body', {}, text)));
  show(`me: ${text}`);
  chat.elements.text.value = '';
});

listen();

/** A session that the web application has had logged in; asked for again when that one is lost. */
async function madeForMe() {
  const response = await fetch('chat-session', { method: 'POST' });
  if (!response.ok) throw new Error(`the web application has no session: HTTP ${response.status}`);
  return response.json();
}

async function listen() {
  try {
    for await (const stanza of session) {
      const text = stanza.name === 'message' ? stanza.child('body')?.text : undefined;
      if (text !== undefined) show(`${stanza.attributes.from}: ${text}`);
    }
  } catch {
    // Why it ended is what `state` shows.
  }
}

function show(text) {
  const line = document.createElement('li');
  line.textContent = text;
  document.querySelector('#log').append(line);
}
