const { $msg, $pres, Strophe } = window;
boshd.addToStrophe(Strophe);

const login = document.querySelector('#login');
const chat = document.querySelector('#chat');
const state = document.querySelector('#state');

login.addEventListener('submit', (event) => {
  event.preventDefault();
  const { jid, password } = Object.fromEntries(new FormData(login));
  const connection = new Strophe.Connection('/http-bind', { protocol: 'boshd' });
  connection.connect(jid, password, (status, reason) => {
    state.textContent = Object.keys(Strophe.Status)
      .find((name) => Strophe.Status[name] === status)
      .toLowerCase();
    if (status === Strophe.Status.AUTHFAIL || status === Strophe.Status.CONNFAIL) show(String(reason));
    if (status !== Strophe.Status.CONNECTED) return;
    state.textContent = 'online';
    chat.hidden = false;
    connection.addHandler(
      (message) => {
        const [body] = message.getElementsByTagName('body');
        if (body !== undefined) show(`${message.getAttribute('from')}: ${body.textContent}`);
        return true;
      },
      null,
      'message',
    );
    connection.send($pres());
  });
  chat.addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    const { to, text } = Object.fromEntries(new FormData(chat));
    connection.send($msg({ to, type: 'chat' }).c('body').t(text));
    show(`me: ${text}`);
    chat.elements.text.value = '';
  });
});

function show(text) {
  const line = document.createElement('li');
  line.textContent = text;
  document.querySelector('#log').append(line);
}
