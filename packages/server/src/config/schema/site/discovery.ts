import { flag, group, list } from '../kinds/kinds.ts';
import { parseUri, parseWebSocketUri } from './elsewhere.ts';

/** XEP-0156: how clients find the URLs, given the name of the domain. */
export const hostMetaKeys = group(
  {
    enabled: flag({
      purpose:
        'Whether /.well-known/host-meta and /.well-known/host-meta.json are served, to pages of every origin.',
      reason:
        'They say nothing that is not public, and clients that look for them find BOSH and WebSocket by themselves.',
      preset: true,
    }),
    bosh: list(parseUri, {
      max: 16,
      of: 'URLs, such as https://www.example.org/http-bind, the preferred one first',
      preset: [],
      purpose: 'The BOSH URLs to name. Default: the host that was asked, by https, with the first of paths.',
      reason: 'Where another web server proxies host-meta than the URLs, only these are right.',
    }),
    websocket: list(parseWebSocketUri, {
      max: 16,
      of: 'URLs, such as wss://www.example.org/xmpp-websocket, the preferred one first',
      preset: [],
      purpose: 'The same for WebSocket.',
    }),
  },
  { purpose: 'What clients are told that look for the service (XEP-0156).' },
);
