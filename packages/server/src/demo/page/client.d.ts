// boshd serves the client's one file for modules as client.js beside the page.
export * from '@boshd/client';
