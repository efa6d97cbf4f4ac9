/**
 * @typedef {object} Mutant A rule that is broken on purpose: `from` stands once in the file, which is named by its package and its
 *   place in the sources there, and is replaced by `to`. `npm run mutants` says which tests see it.
 * @property {string} rule
 * @property {string} file
 * @property {string} from
 * @property {string} to
 */

/**
 * Of the session.
 *
 * @type {readonly Mutant[]}
 */
export const MUTANTS = [
  {
    rule: 'Requests are processed in order of rid',
    file: 'engine/session/requests.ts',
    from: 'early[0]?.rid === lastRid + 1 ? early.shift() : undefined',
    to: 'early.shift()',
  },
  {
    rule: 'A gap is given up for a terminate only, not for a pause',
    file: 'engine/session/tick.ts',
    from: 'session.requests.early.find(({ body }) => body.attributes.terminate)',
    to: 'session.requests.early.find(({ body }) => body.attributes.terminate || body.attributes.pause !== undefined)',
  },
  {
    rule: 'As many replies are kept as requests may be open, and one',
    file: 'engine/session/answer.ts',
    from: 'answered, session.terms.requests + 1)',
    to: 'answered, session.terms.requests - 1)',
  },
  {
    rule: 'Of two copies of a held request the newer one gets the reply',
    file: 'engine/session/repeat.ts',
    from: '  original.request = request;\n  original.line',
    to: '  original.request ??= request;\n  original.line',
  },
  {
    rule: 'A request that nobody listens to gets no payloads',
    file: 'engine/session/answer.ts',
    from: "if (oldest.request !== undefined) return 'payloads';",
    to: "if (session.life.phase === 'open') return 'payloads';",
  },
  {
    rule: 'No more than `hold` requests are held',
    file: 'engine/session/answer.ts',
    from: 'pressure.blockedBytes === undefined ? terms.hold : terms.requests',
    to: 'terms.requests',
  },
  {
    rule: 'No request is held beyond `wait`',
    file: 'engine/session/answer.ts',
    from: 'shorter(limits.oneConnectionAnswer, terms.wait) : terms.wait',
    to: 'shorter(limits.oneConnectionAnswer, terms.wait) : terms.inactivity',
  },
  {
    rule: 'The window reaches `requests` above the last rid received in order',
    file: 'engine/session/window.ts',
    from: 'session.requests.lastRid + session.terms.requests + (isExtra ? 1 : 0)',
    to: 'session.requests.lastRid + session.terms.requests + (isExtra ? 0 : -1)',
  },
  {
    rule: 'A rid older than the cache ends nothing but that copy',
    file: 'engine/session/receive.ts',
    from: '    refuse(session, request, turn);\n  } else {',
    to: "    keepEarly(session.requests, arrivalOf(request, body, turn));\n    leave(session, 'bad-rid', '', turn);\n  } else {",
  },
  {
    rule: 'Without acks, rid n confirms replies up to n - requests only',
    file: 'engine/session/confirm.ts',
    from: 'attributes.rid - session.terms.requests - (isExtra ? 1 : 0), false',
    to: 'attributes.rid - 1, true',
  },
  {
    rule: 'What an ack confirms does not go back to the server',
    file: 'engine/session/confirm.ts',
    from: 'confirmThrough(session, attributes.ack ?? attributes.rid - 1, true);',
    to: 'confirmThrough(session, attributes.ack ?? attributes.rid - session.terms.requests - 1, true);',
  },
  {
    rule: 'What the client did not get goes back when it terminates',
    file: 'engine/session/confirm.ts',
    from: '    unconfirmed.push({ stream: batch.stream, payloads: batch.payloads, isPassed: false });\n',
    to: '',
  },
  {
    rule: 'Inactivity counts from the last reply',
    file: 'engine/session/answer.ts',
    from: 'reply: okReply(session, body) });\n    countSilence(session.silence, turn.now);',
    to: 'reply: okReply(session, body) });',
  },
  {
    rule: 'Every request must bring the key that hashes to the one before',
    file: 'engine/session/keys.ts',
    from: 'toolbox.sha1Hex(toolbox.encodeUtf8(key)) !== keys.next',
    to: 'key === keys.next',
  },
  {
    rule: 'A repeat is known by its rid also while a lower one is missing',
    file: 'engine/session/window.ts',
    from: "if (early !== undefined) return { is: 'repeat-of-early', original: early };",
    to: "if (early !== undefined) return session.requests.early.length > 1 ? EARLY : { is: 'repeat-of-early', original: early };",
  },
  {
    rule: 'The last reply with payloads can be had again',
    file: 'engine/session/answer.ts',
    from: '    if (payloads.length > 0)\n      keepLastAnswer(session.requests, {',
    to: "    if (payloads.length > 0 && session.life.phase === 'opening')\n      keepLastAnswer(session.requests, {",
  },
  {
    rule: 'Too many open requests end the session, `requests` of them do not',
    file: 'engine/session/pace.ts',
    from: 'unanswered > terms.requests && !isFarewell(body)',
    to: 'unanswered >= terms.requests && !isFarewell(body)',
  },
];

/**
 * Of what lets sessions outlive their process.
 *
 * @type {readonly Mutant[]}
 */
export const SURVIVAL_MUTANTS = [
  {
    rule: 'No reply leaves before its record',
    file: 'engine/manager/manager.ts',
    from: '[...records, ...outputs]',
    to: '[...outputs, ...records]',
  },
  {
    rule: 'A reply needs a record',
    file: 'engine/manager/keeper.ts',
    from: 'if (keeping.answeredRid !== session.requests.answered.at(-1)?.rid) return true;',
    to: '',
  },
  {
    rule: 'A request that was received in order needs a record, also without a reply',
    file: 'engine/manager/keeper.ts',
    from: 'keeping.mustKeep || keeping.lastRid !== session.requests.lastRid',
    to: 'keeping.mustKeep',
  },
  {
    rule: 'Stanzas for the server need a record',
    file: 'engine/manager/keeping.ts',
    from: 'keeping.mustKeep ||=',
    to: 'keeping.mustKeep &&=',
  },
  {
    rule: 'No h is told that no record has',
    file: 'engine/manager/keeper.ts',
    from: 'if (keeping.told !== (upstream === undefined ? 0 : toldOf(upstream.stream))) return true;',
    to: '',
  },
  {
    rule: 'A record knows how many stanzas the server is sending again',
    file: 'engine/stream/record.ts',
    from: '    skip: counts.skip,',
    to: '    skip: 0,',
  },
  {
    rule: 'After a resumption as many are passed over as the server was not told of',
    file: 'engine/stream/counts.ts',
    from: 'counts.skip = counts.received - known;',
    to: 'counts.skip = Math.max(0, counts.received - known - 1);',
  },
  {
    rule: "A record holds boshd's own payloads",
    file: 'engine/session/row.ts',
    from: 'if (at === undefined || at < from) {',
    to: 'if (at === undefined) continue;\n    if (at < from) {',
  },
  {
    rule: 'A record holds what the server has not acknowledged',
    file: 'engine/stream/record.ts',
    from: 'told, id, maxMs: max, sent, acknowledged, queue };',
    to: 'told, id, maxMs: max, sent, acknowledged, queue: queue?.slice(1) };',
  },
  {
    rule: 'A record holds what is queued',
    file: 'engine/session/record.ts',
    from: 'if (first === undefined) return rowOf([], from);',
    to: 'if (first === undefined || first.payloads.length > 1) return rowOf([], from);',
  },
  {
    rule: 'A record needs the bytes from the first stanza on that it does not hold',
    file: 'engine/manager/keeper.ts',
    from: 'const base = Math.min(recorded.firstAt, position);',
    to: 'const base = position;',
  },
  {
    rule: 'What the process that is gone has taken in is not taken in again',
    file: 'engine/manager/restore.ts',
    from: 'rest: bytes.subarray(readBytes) });',
    to: 'rest: bytes });',
  },
  {
    rule: 'A request that was held can be repeated',
    file: 'engine/session/record.ts',
    from: 'held: requests.held.map((each) => heldPart(each, now)),',
    to: 'held: [],',
  },
  {
    rule: 'What a record holds of a log-in is sealed, and no SASL of a client',
    file: 'engine/stream/record.ts',
    from: 'return waiting.some(({ namespace }) => namespace === NS.sasl || namespace === NS.sasl2);',
    to: 'return waiting.some(({ namespace }) => namespace === NS.sasl2 && namespace.length === 0);',
  },
  {
    rule: 'A reply waits until its frame has left the process',
    file: 'server/survival/connection.ts',
    from: 'if (this.#deeds.length === 0 && this.#outgoing.isSafe) act();',
    to: 'if (this.#deeds.length === 0) act();',
  },
  {
    rule: 'A session has one owner: an older one has no say in its record',
    file: 'server/anchor/anchor.ts',
    from: 'if (old !== undefined && old.owner !== seat) return true;',
    to: '',
  },
  {
    rule: 'A session has one owner: an older one has no say in its link',
    file: 'server/anchor/anchor.ts',
    from: 'if (held !== undefined && held.owner !== seat) return;',
    to: '',
  },
  {
    rule: 'A frame that is not whole never happened',
    file: 'server/anchor/protocol/frame-assembly.ts',
    from: 'if (end > rest.length) break;',
    to: 'if (end > rest.length + 1) break;',
  },
];
