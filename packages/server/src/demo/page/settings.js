/** Where the page finds its service. boshd sends its own values in place of this file. */
export const settings = {
  service: '/http-bind',
  domain: 'demo.localhost',
};
