import { startBoshd } from '../../support/boshd.ts';
import { startEjabberd } from '../../support/ejabberd.ts';
import { startProsody } from '../../support/prosody.ts';
import { createTestCa, type TestCa } from '../../support/test-ca.ts';

export const DOMAIN = 'example.test';
export const ACCOUNT = { user: 'juliet', password: 'r0m30myr0m30' };
export const PEER = { user: 'romeo', password: 'jul1etmyjul1et' };

/** A BOSH endpoint that runs on this machine. */
export interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

/** boshd itself with time limits that can be waited for, Prosody behind it by STARTTLS. */
export async function startBoshdWithProsody(
  session: Readonly<Record<string, unknown>>,
  stream: Readonly<Record<string, unknown>> = {},
  more: Readonly<Record<string, unknown>> = {},
): Promise<Running> {
  const ca = await createTestCa();
  const prosody = await startProsody({ hosts: [await host(ca)] });
  const override = { host: '127.0.0.1', port: prosody.ports.c2s, caFile: ca.caFile };
  const boshd = await startBoshd({
    origins: ['*'],
    domains: { allow: [DOMAIN] },
    upstream: { overrides: { [DOMAIN]: override } },
    session,
    stream,
    ...more,
  });
  const stop = async () => {
    await boshd.stop();
    await prosody.stop();
    await ca.remove();
  };
  return { url: boshd.url, stop };
}

/** Debian's Prosody with its own mod_bosh. */
export async function startProsodyBosh(): Promise<Running> {
  const ca = await createTestCa();
  const prosody = await startProsody({ hosts: [await host(ca)], bosh: true });
  const stop = async () => {
    await prosody.stop();
    await ca.remove();
  };
  return { url: prosody.boshUrl, stop };
}

/** Debian's ejabberd with its own mod_bosh. */
export async function startEjabberdBosh(): Promise<Running> {
  const ca = await createTestCa();
  const ejabberd = await startEjabberd({ hosts: [await host(ca)], bosh: true });
  const stop = async () => {
    await ejabberd.stop();
    await ca.remove();
  };
  return { url: ejabberd.boshUrl, stop };
}

async function host(ca: TestCa) {
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  return {
    domain: DOMAIN,
    certificate,
    users: { [ACCOUNT.user]: ACCOUNT.password, [PEER.user]: PEER.password },
  };
}
