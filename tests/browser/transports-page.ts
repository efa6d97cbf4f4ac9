/**
 * A small BOSH client in a page, which carries the transports that browsers had before CORS, written from
 * docs/window-name.md and XEP-0252. It logs in with SASL PLAIN and remembers what came.
 */
const SCRIPT = `
  const transports = {
    fetch: (url, body) => fetch(url, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body }).then((r) => r.text()),
    script: (url, body) => new Promise((resolve, reject) => {
      const element = document.createElement('script');
      element.onerror = () => reject(new Error('script refused'));
      element.heard = resolve;
      element.src = url + '?' + encodeURIComponent(body);
      document.head.append(element);
    }),
    windowName: (url, body) => new Promise((resolve, reject) => {
      const frame = document.createElement('iframe');
      frame.name = 'f' + Math.random();
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', action: url + '?windowname=true', target: frame.name, enctype: chat.enctype });
      const field = document.createElement('textarea');
      Object.assign(field, { name: 'body', value: body });
      form.append(field);
      let isBack = false;
      frame.onload = () => {
        if (!isBack) {
          isBack = true;
          frame.contentWindow.location = 'about:blank';
          return;
        }
        const { name } = frame.contentWindow;
        frame.remove();
        form.remove();
        if (name.startsWith('<body')) resolve(name);
        else reject(new Error('frame refused'));
      };
      frame.hidden = form.hidden = true;
      document.body.append(form);
      // The frame loads about:blank by itself when it is put in; what it loads after that is the reply.
      const { onload } = frame;
      frame.onload = null;
      document.body.append(frame);
      frame.onload = onload;
      form.submit();
    }),
  };
  window._BOSH_ = (text) => document.currentScript.heard(text);

  const HTTPBIND = 'http://jabber.org/protocol/httpbind';
  const chat = { messages: [], names: [], raw: [], enctype: 'multipart/form-data', fault: undefined, jid: undefined };
  const queue = [];
  let session, open = 0;
  const escaped = (text) => text.replace(/[&<>"']/g, (c) => '&#' + c.charCodeAt(0) + ';');

  const take = (text) => {
    chat.raw.push(text);
    const body = new DOMParser().parseFromString(text, 'text/xml').documentElement;
    if (body.getAttribute('sid')) session.sid = body.getAttribute('sid');
    if (body.getAttribute('type') === 'terminate') { session.isOver = true; chat.fault = body.getAttribute('condition') ?? 'over'; }
    for (const child of body.children) {
      chat.names.push(child.localName);
      if (child.localName === 'iq') chat.jid ??= child.getElementsByTagName('jid')[0]?.textContent;
      if (child.localName === 'message') chat.messages.push(child.getElementsByTagName('body')[0].textContent);
    }
  };
  const fire = async ({ inner, attributes }) => {
    open += 1;
    session.rid += 1;
    if (session.sid) sessionStorage.session = JSON.stringify(session);
    const sid = session.sid ? " sid='" + session.sid + "'" : '';
    const body = "<body rid='" + session.rid + "'" + sid + " xmlns='" + HTTPBIND + "' " + attributes + '>' + inner + '</body>';
    try { take(await transports[session.transport](session.url, body)); }
    catch (error) { session.isOver = true; chat.fault = error.message; }
    open -= 1;
    pump();
  };
  const pump = () => {
    if (session.isOver) return;
    while (queue.length > 0 && open < 2) fire(queue.shift());
    if (open === 0 && session.sid) fire({ inner: '', attributes: '' });
  };
  chat.send = (inner, attributes = '') => {
    // By script, what is long is cut in two: the octets go on in the next request.
    const middle = session.transport === 'script' && inner.length > 100 ? 50 : inner.length;
    queue.push({ inner: inner.slice(0, middle), attributes });
    if (middle < inner.length) queue.push({ inner: inner.slice(middle), attributes: '' });
    pump();
  };
  const until = async (isDone) => { while (!isDone()) { if (chat.fault) throw new Error(chat.fault); await new Promise((r) => setTimeout(r, 10)); } };
  chat.begin = (url, transport, domain) => {
    session = { url, transport, domain, rid: 1000, sid: undefined, isOver: false };
    chat.send('', "to='" + domain + "' wait='10' hold='1' ver='1.11' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'");
  };
  chat.login = async (url, transport, domain, user, password) => {
    chat.begin(url, transport, domain);
    await until(() => chat.names.includes('features'));
    chat.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + btoa('\\0' + user + '\\0' + password) + '</auth>');
    await until(() => chat.names.includes('success'));
    const features = chat.names.length;
    chat.send('', "xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh' to='" + domain + "'");
    await until(() => chat.names.slice(features).includes('features'));
    chat.send("<iq type='set' id='b' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    await until(() => chat.jid);
    chat.send("<presence xmlns='jabber:client'/>");
    return chat.jid;
  };
  chat.attach = () => { session = JSON.parse(sessionStorage.session); pump(); return session.rid; };
  chat.say = (to, text) => chat.send("<message xmlns='jabber:client' type='chat' to='" + escaped(to) + "'><body>" + escaped(text) + '</body></message>');
  chat.end = () => chat.send('', "type='terminate'");
  chat.socket = (url) => new Promise((resolve) => {
    const socket = new WebSocket(url, 'xmpp');
    socket.onopen = () => resolve('open');
    socket.onclose = ({ code }) => resolve('closed ' + code);
  });
  chat.owned = [];
  addEventListener('message', ({ data }) => chat.owned.push(data));
  window.chat = chat;
`;

export const TRANSPORTS_PAGE: Readonly<Record<string, string>> = {
  'transports.html':
    '<!doctype html><meta charset="utf-8"><title>Transports</title><body><script src="transports.js"></script>',
  'transports.js': `(() => {${SCRIPT}})();`,
};
