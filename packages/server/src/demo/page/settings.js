/** Where the page finds its service. boshd sends its own values in place of this file. */
export const settings = {
  service: '/http-bind',
  webSocket: '/xmpp-websocket',
  domain: 'demo.localhost',
  /** Of orders about the process that serves; '' where there is none to kill. */
  worker: '',
};
