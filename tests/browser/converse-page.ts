/** What the headless Converse loads, from beside the page. */
export const CONVERSE_FILES = [
  'src/headless/dist/converse-headless.min.js',
  'src/headless/dist/emoji.json',
  'src/headless/dist/libomemo.esm.min.js',
  'dist/curve25519_compiled.wasm',
];

/** Runs in the page, on top of the unmodified headless Converse, through its public API. */
export const CONVERSE_SCRIPT = `
  import { api, converse } from './converse-headless.min.js';
  const chat = { messages: [], events: [] };
  converse.plugins.add('recorder', {
    initialize() {
      api.listen.on('message', ({ attrs }) => {
        if (!attrs.body || attrs.sender !== 'them') return;
        chat.messages.push(attrs.body);
        window.told?.(attrs.body);
      });
      for (const name of ['connected', 'disconnected', 'logout']) api.listen.on(name, () => { chat.events.push(name); });
    },
  });
  chat.login = (jid, password) => {
    converse.initialize({
      authentication: 'login', auto_login: true, jid, password,
      bosh_service_url: '/http-bind', discover_connection_methods: false, muc_history_max_stanzas: 20,
      whitelisted_plugins: ['recorder'], loglevel: 'fatal', assets_path: '/',
    });
  };
  chat.say = async (to, body) => { await (await api.chats.open(to)).sendMessage({ body }); };
  chat.logout = () => api.user.logout();
  chat.jid = () => api.connection.get().jid;
  chat.join = (room) => { void api.rooms.open(room, { nick: 'bob' }); };
  chat.archive = async () => {
    const { messages } = await api.archive.query({ rsm: { before: '', max: 20 } });
    return messages.map((message) => message.querySelector('forwarded body')?.textContent ?? '');
  };
  window.chat = chat;
`;
