/**
 * Rules of the session, each broken on purpose: `from` stands once in the file below packages/engine/src/session, and is
 * replaced by `to`. `npm run mutants` says which tests see it.
 *
 * @type {readonly { rule: string, file: string, from: string, to: string }[]}
 */
export const MUTANTS = [
  {
    rule: 'Requests are processed in order of rid',
    file: 'requests.ts',
    from: 'early[0]?.rid === lastRid + 1 ? early.shift() : undefined',
    to: 'early.shift()',
  },
  {
    rule: 'A gap is given up for a terminate only, not for a pause',
    file: 'tick.ts',
    from: 'session.requests.early.find(({ body }) => body.attributes.terminate)',
    to: 'session.requests.early.find(({ body }) => body.attributes.terminate || body.attributes.pause !== undefined)',
  },
  {
    rule: 'As many replies are kept as requests may be open, and one',
    file: 'answer.ts',
    from: 'answered, session.terms.requests + 1)',
    to: 'answered, session.terms.requests - 1)',
  },
  {
    rule: 'Of two copies of a held request the newer one gets the reply',
    file: 'repeat.ts',
    from: '  original.request = request;\n}',
    to: '  original.request ??= request;\n}',
  },
  {
    rule: 'A request that nobody listens to gets no payloads',
    file: 'answer.ts',
    from: "if (oldest.request !== undefined) return 'payloads';",
    to: "if (session.life.phase === 'open') return 'payloads';",
  },
  {
    rule: 'No more than `hold` requests are held',
    file: 'answer.ts',
    from: 'pressure.blockedBytes === undefined ? terms.hold : terms.requests',
    to: 'terms.requests',
  },
  {
    rule: 'No request is held beyond `wait`',
    file: 'answer.ts',
    from: 'shorter(limits.oneConnectionAnswer, terms.wait) : terms.wait',
    to: 'shorter(limits.oneConnectionAnswer, terms.wait) : terms.inactivity',
  },
  {
    rule: 'The window reaches `requests` above the last rid received in order',
    file: 'window.ts',
    from: 'session.requests.lastRid + session.terms.requests + (isExtra ? 1 : 0)',
    to: 'session.requests.lastRid + session.terms.requests + (isExtra ? 0 : -1)',
  },
  {
    rule: 'A rid older than the cache ends nothing but that copy',
    file: 'receive.ts',
    from: '    refuse(session, request, turn);\n  } else {',
    to: "    keepEarly(session.requests, arrivalOf(request, body, turn));\n    leave(session, 'bad-rid', '', turn);\n  } else {",
  },
  {
    rule: 'Without acks, rid n confirms replies up to n - requests only',
    file: 'confirm.ts',
    from: 'attributes.rid - session.terms.requests - (isExtra ? 1 : 0), false',
    to: 'attributes.rid - 1, true',
  },
  {
    rule: 'What an ack confirms does not go back to the server',
    file: 'confirm.ts',
    from: 'confirmThrough(session, attributes.ack ?? attributes.rid - 1, true);',
    to: 'confirmThrough(session, attributes.ack ?? attributes.rid - session.terms.requests - 1, true);',
  },
  {
    rule: 'What the client did not get goes back when it terminates',
    file: 'confirm.ts',
    from: '    unconfirmed.push({ stream: batch.stream, payloads: batch.payloads, isPassed: false });\n',
    to: '',
  },
  {
    rule: 'Inactivity counts from the last reply',
    file: 'answer.ts',
    from: 'reply: okReply(session, body) });\n    countSilence(session.silence, turn.now);',
    to: 'reply: okReply(session, body) });',
  },
  {
    rule: 'Every request must bring the key that hashes to the one before',
    file: 'keys.ts',
    from: 'toolbox.sha1Hex(toolbox.encodeUtf8(key)) !== keys.next',
    to: 'key === keys.next',
  },
  {
    rule: 'A repeat is known by its rid also while a lower one is missing',
    file: 'window.ts',
    from: "if (early !== undefined) return { is: 'repeat-of-early', original: early };",
    to: "if (early !== undefined) return session.requests.early.length > 1 ? EARLY : { is: 'repeat-of-early', original: early };",
  },
  {
    rule: 'The last reply with payloads can be had again',
    file: 'answer.ts',
    from: '    if (payloads.length > 0)\n      keepLastAnswer(session.requests, {',
    to: "    if (payloads.length > 0 && session.life.phase === 'opening')\n      keepLastAnswer(session.requests, {",
  },
  {
    rule: 'Too many open requests end the session, `requests` of them do not',
    file: 'pace.ts',
    from: 'unanswered > terms.requests && !isFarewell(body)',
    to: 'unanswered >= terms.requests && !isFarewell(body)',
  },
  {
    rule: 'An ended session keeps no queue',
    file: 'answer.ts',
    from: '  takeUnconfirmed(session);\n',
    to: '',
  },
];
