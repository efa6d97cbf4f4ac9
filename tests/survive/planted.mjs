/**
 * Plants a fault into boshd: a stanza with one of these texts ends the process that takes it up. The tests load it in front of boshd
 * (`node --import`), which has no such fault; the class that it changes is that of the built engine.
 */
import { ConnectionManager } from '@boshd/engine/manager';

const { handle, restore } = ConnectionManager.prototype;
const text = new TextDecoder();

function struck(where, bytes) {
  const said = typeof bytes === 'string' ? bytes : text.decode(bytes);
  if (said.includes(`>crash at the ${where}<`)) process.abort();
  while (said.includes(`>hang at the ${where}<`));
}

/** The session lives here: what is refused without a look into it strikes nobody. */
function has(manager, sid) {
  return [...manager.inspect()].some(({ session }) => session.sid === sid);
}

ConnectionManager.prototype.handle = function (input, now) {
  if (input.type === 'link-data') struck('recipient', input.bytes);
  if (input.type === 'request' && has(this, input.body.attributes.sid))
    for (const { bytes } of input.body.payloads) struck('sender', bytes);
  return handle.call(this, input, now);
};
ConnectionManager.prototype.restore = function (kept, now) {
  for (const { bytes } of kept) struck('recipient', bytes);
  return restore.call(this, kept, now);
};
