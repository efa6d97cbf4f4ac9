import { CLIENT_XML_LIMITS } from '@boshd/engine/wire';
import { SAME_ORIGIN_CORS } from '../../packages/server/src/front/options.ts';
import { NO_COMPRESSION } from '../../packages/server/src/front/reply/coding.ts';
import type { RecognitionOptions } from '../../packages/server/src/front/site/recognition.ts';
import type { SiteOptions } from '../../packages/server/src/front/site/site.ts';
import { WEBSOCKET_OPTIONS } from '../../packages/server/src/front/websocket/options.ts';

/** A site at /http-bind for POST, with what a test cares for. */
export function siteOptions(own: Partial<SiteOptions>): SiteOptions {
  return {
    name: 'shop',
    hosts: [],
    paths: ['/http-bind'],
    cors: SAME_ORIGIN_CORS,
    extraHeaders: {},
    syntaxes: ['post'],
    compression: NO_COMPRESSION,
    websocketPaths: [],
    websocket: WEBSOCKET_OPTIONS,
    bodyBytesMax: 10_000,
    xml: CLIENT_XML_LIMITS,
    order: { path: '/prebind', secrets: [] },
    hasClaimCookies: false,
    recognition: undefined,
    ...own,
  };
}

/** How a site knows its own web server: by nothing but what is given. */
export function recognitionOptions(own: Partial<RecognitionOptions>): RecognitionOptions {
  return { networks: [], header: undefined, certificates: [], pathKeys: [], ...own };
}
