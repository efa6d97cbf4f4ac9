import { afterEach, expect, test } from 'vitest';
import { answerAll, bodyOf, type FrontRig, post, startFront } from '../../../../tests/support/front-rig.ts';
import type { FrontOptions } from './options.ts';

let rig: FrontRig;
afterEach(() => rig.stop());

const REGIONS: Partial<FrontOptions> = {
  countryHeader: 'cf-ipcountry',
  regionsOf: (address, country) => [`address ${address}`, `country ${country}`],
};
const CREATION = "<body rid='1' to='a.example' xmlns='http://jabber.org/protocol/httpbind'/>";

/** The regions with which the engine hears of a POST from a client that a proxy says to be in Germany. */
async function regionsOf(options: Partial<FrontOptions>, body: string) {
  rig = await startFront(options, answerAll);
  const client = rig.connect();
  client.write(post(body, { 'X-Forwarded-For': '192.0.2.1', 'CF-IPCountry': 'DE' }));
  await client.reply();
  client.destroy();
  const [input] = rig.inputs;
  if (input?.type !== 'request') throw new Error('a request was heard');
  return input.regions;
}

test.each<[string, Partial<FrontOptions>, string, readonly string[] | undefined]>([
  [
    'by what a trusted proxy says',
    { ...REGIONS, trustedProxies: ['127.0.0.1'] },
    CREATION,
    ['address 192.0.2.1', 'country DE'],
  ],
  ['others are not believed', REGIONS, CREATION, ['address 127.0.0.1', 'country undefined']],
  ['a session has its place already', { ...REGIONS, trustedProxies: ['127.0.0.1'] }, bodyOf(2), undefined],
  ['nobody is asked where there are no regions', {}, CREATION, undefined],
])('%s', async (_, options, body, expected) => {
  expect(await regionsOf(options, body)).toEqual(expected);
});
