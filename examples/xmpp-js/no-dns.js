// xmpp.js looks up addresses where there is a DNS: not in a page.
export default undefined;
