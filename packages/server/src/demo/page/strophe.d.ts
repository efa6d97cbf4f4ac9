// boshd serves the browser build of the npm package as strophe.js beside the page.
export * from 'strophe.js';
