import { DEFAULT_SESSION_LIMITS } from '@boshd/engine/session';
import { DEFAULT_STREAM_LIMITS } from '@boshd/engine/stream';
import { choice, count, duration, flag, group, size } from '../kinds/kinds.ts';

/** The keys of a session's limits, named as the engine names them (`SessionLimits`). */
export const sessionKeys = group(
  {
    waitMax: duration({
      purpose: 'The longest time that a request is held, whatever wait the client asks for.',
      reason:
        'Proxies in between cut a silent request, most often after 60 s; the client then sees an error.',
      precedent:
        'nginx, the sample configurations of HAProxy and AWS load balancers cut after 60 s or little less.',
      bareUnit: 's',
      min: '1s',
      max: '600s',
      preset: DEFAULT_SESSION_LIMITS.waitMax,
    }),
    holdMax: count({
      of: 'requests',
      purpose: 'The largest number of requests held at once in a session, whatever hold the client asks for.',
      reason: 'One held request is enough where HTTP connections are kept alive; more only cost connections.',
      precedent: 'XEP-0124 §7.1 recommends 1; Prosody and MongooseIM fix it to 1.',
      min: 1,
      max: 8,
      preset: DEFAULT_SESSION_LIMITS.holdMax,
    }),
    requestsMax: count({
      of: 'requests',
      purpose:
        'The largest hold asked for that the number of simultaneous requests follows: a client may have one more open than it asked to be held, up to this and one.',
      reason: 'stanza asks for a hold of 2 and sends accordingly.',
      precedent: 'XEP-0124 §7.2: requests must be larger than the hold asked for.',
      min: 1,
      max: 16,
      preset: DEFAULT_SESSION_LIMITS.requestsMax,
    }),
    inactivity: duration({
      purpose: 'How long a session lives without an open request.',
      reason:
        'Browsers wake the timers of background tabs once a minute; a shorter time ends their sessions.',
      precedent: 'node-xmpp-bosh 70 s; the 30 s of other servers are a known cause of lost sessions.',
      bareUnit: 's',
      min: '5s',
      max: '3600s',
      preset: DEFAULT_SESSION_LIMITS.inactivity,
    }),
    pollingInactivity: duration({
      purpose: 'The same for polling sessions (those with a wait or hold of 0).',
      reason: 'Such clients ask seldom, so they need more time.',
      precedent: 'XEP-0124 §12 asks for a longer time.',
      bareUnit: 's',
      min: '5s',
      max: '3600s',
      preset: DEFAULT_SESSION_LIMITS.pollingInactivity,
    }),
    polling: duration({
      purpose: 'The shortest allowed interval between empty requests of a polling session.',
      precedent: 'ejabberd 2 s, Prosody and Openfire 5 s.',
      bareUnit: 's',
      min: '0s',
      max: '60s',
      preset: DEFAULT_SESSION_LIMITS.polling,
    }),
    strikesMax: count({
      of: 'requests',
      purpose: 'How many requests in a row may come sooner than polling allows before the session ends.',
      reason: 'The timers of browsers drift and fire in bunches.',
      min: 0,
      max: 1000,
      preset: DEFAULT_SESSION_LIMITS.strikesMax,
    }),
    maxpause: duration({
      purpose: 'The longest pause that a client may ask for (XEP-0124 §10).',
      precedent: 'Openfire 300 s, ejabberd and MongooseIM 120 s.',
      bareUnit: 's',
      min: '1s',
      max: '3600s',
      preset: DEFAULT_SESSION_LIMITS.maxpause,
    }),
    creationAnswer: duration({
      purpose:
        'The latest time at which a creation request is answered, features of the server there or not.',
      reason: 'Clients that never poll before the log-in need the features in the first reply.',
      bareUnit: 's',
      min: '1s',
      max: '60s',
      preset: DEFAULT_SESSION_LIMITS.creationAnswer,
    }),
    creationConfirm: duration({
      purpose: 'How long a new session waits for its second request.',
      reason: 'A creation repeated by a proxy, or whose reply got lost, leaves a session that nobody knows.',
      bareUnit: 's',
      min: '1s',
      max: '600s',
      preset: DEFAULT_SESSION_LIMITS.creationConfirm,
    }),
    login: duration({
      purpose: 'The time from creation to a bound resource.',
      reason: 'A person may be typing a password; a crowd of sessions that never log in costs memory.',
      bareUnit: 's',
      min: '1s',
      max: '3600s',
      preset: DEFAULT_SESSION_LIMITS.login,
    }),
    registration: duration({
      purpose:
        'How much longer a log-in may take once the XMPP server has sent a form to register an account with (XEP-0077).',
      reason:
        'A person who fills in a form is not one who does not log in. Sessions in it count as not logged in.',
      bareUnit: 's',
      min: '0s',
      max: '3600s',
      preset: DEFAULT_SESSION_LIMITS.registration,
    }),
    loginBytesMax: size({
      purpose: 'The most that a client may send before it has logged in.',
      reason: 'SASL and resource binding need a few kilobytes.',
      min: '4KiB',
      max: '16MiB',
      preset: DEFAULT_SESSION_LIMITS.loginBytesMax,
    }),
    queueBytesMax: size({
      purpose: 'The most that is kept for a client which does not fetch it.',
      reason:
        'Beyond it, the XMPP server is not read until the client has fetched: memory is finite. It is as much as the longest stanza of a server.',
      min: '64KiB',
      max: '256MiB',
      preset: DEFAULT_SESSION_LIMITS.queueBytesMax,
    }),
    queueFull: duration({
      purpose: 'How long a WebSocket may last whose client, or server, does not read what is sent to it.',
      precedent: 'Half of the 60 s after which XMPP servers give up on a peer that does not read.',
      bareUnit: 's',
      min: '1s',
      max: '55s',
      preset: DEFAULT_SESSION_LIMITS.queueFull,
    }),
    repeatsMax: count({
      of: 'repeats',
      purpose: 'How often a client may send the same request again.',
      reason: 'Repeats are normal after a lost connection; an endless row of them is an error of the client.',
      precedent: 'JSJaC repeats up to 10 times.',
      min: 1,
      max: 1000,
      preset: DEFAULT_SESSION_LIMITS.repeatsMax,
    }),
    gather: duration({
      purpose:
        'How long a request that a newer one sets free may wait for the answer to what the newer one carried; 0 switches it off.',
      reason:
        "The server's answer then rides on it: one HTTP request instead of two. Nothing that is there already is delayed.",
      bareUnit: 'ms',
      min: '0ms',
      max: '10ms',
      preset: DEFAULT_SESSION_LIMITS.gather,
    }),
    oneConnectionAnswer: duration({
      purpose:
        'The latest answer to a request with payloads of a client that never has two requests open at once.',
      precedent: 'Pidgin sends its next stanza only after the reply.',
      bareUnit: 'ms',
      min: '0ms',
      max: '5s',
      preset: DEFAULT_SESSION_LIMITS.oneConnectionAnswer,
    }),
    gapPatience: duration({
      purpose: 'How long a terminate request that overtook others waits for them before it is obeyed.',
      reason: 'The farewell of a page that is closed may overtake a request that died with the page.',
      bareUnit: 's',
      min: '0s',
      max: '30s',
      preset: DEFAULT_SESSION_LIMITS.gapPatience,
    }),
    reportAfter: duration({
      purpose: 'A reply that the client does not acknowledge within this time is reported to it.',
      precedent: 'XEP-0124 §9.2.',
      bareUnit: 's',
      min: '100ms',
      max: '60s',
      preset: DEFAULT_SESSION_LIMITS.reportAfter,
    }),
    streamsMax: count({
      of: 'streams',
      purpose:
        'How many streams, to one XMPP server or several, one session may carry; 1 switches the feature off.',
      reason: 'No client in common use asks for it; each stream is one more connection to a server.',
      precedent: 'XEP-0124 §16; node-xmpp-bosh allows 8.',
      min: 1,
      max: 16,
      preset: DEFAULT_SESSION_LIMITS.streamsMax,
    }),
    heldRepeat: choice(['error', 'same'], {
      purpose:
        'What the older copy of a repeated held request gets: a recoverable error, or the same reply as the newer copy.',
      precedent: "XEP-0124 §14.3 asks for type='error'.",
      preset: DEFAULT_SESSION_LIMITS.heldRepeat,
    }),
  },
  { purpose: 'Limits and times of one BOSH session.' },
);

/** The keys of an XMPP stream's limits, named as the engine names them (`StreamLimits`). */
export const streamKeys = group(
  {
    negotiation: duration({
      purpose: 'How long an XMPP server may take for each step of opening its stream, up to its features.',
      bareUnit: 's',
      min: '1s',
      max: '60s',
      preset: DEFAULT_STREAM_LIMITS.negotiation,
    }),
    negotiationWithOthers: duration({
      purpose:
        'How long it may take to its first features while other servers of the domain were not tried; then the next one is.',
      reason: 'One dead server of several must not cost a log-in.',
      bareUnit: 's',
      min: '500ms',
      max: '60s',
      preset: DEFAULT_STREAM_LIMITS.negotiationWithOthers,
    }),
    keepalive: duration({
      purpose: 'A stream on which nothing was sent for this long gets a space (RFC 6120 §4.6.1).',
      reason: 'Firewalls and NAT forget silent connections, some after five minutes or less.',
      bareUnit: 's',
      min: '10s',
      max: '3600s',
      preset: DEFAULT_STREAM_LIMITS.keepalive,
    }),
    streamManagement: choice(['boshd', 'client', 'off'], {
      purpose:
        'Who keeps stream management (XEP-0198) towards XMPP servers that offer it: boshd, unseen by the client; the client itself, boshd keeping out of it; or nobody.',
      reason:
        'Kept by boshd, the server is told of a stanza only when the browser has confirmed it, so that what a vanished browser did not get is stored or returned by the server.',
      preset: DEFAULT_STREAM_LIMITS.streamManagement,
    }),
    unconfirmedMax: count({
      of: 'stanzas',
      purpose:
        'How many stanzas of an XMPP server may be unacknowledged (XEP-0198) because the browser has not confirmed them. Beyond, the oldest are acknowledged all the same, and go back to their senders as errors should the browser never get them.',
      reason: 'Servers give up on a stream with too many unacknowledged stanzas.',
      precedent: 'Prosody 0.12 cannot resume beyond 500, ejabberd ends the stream at 5,000.',
      min: 10,
      max: 100_000,
      preset: DEFAULT_STREAM_LIMITS.unconfirmedMax,
    }),
    acknowledgement: duration({
      purpose:
        'How long an XMPP server may take to answer a request for acknowledgement (XEP-0198) before the connection to it counts as dead.',
      reason: 'TCP notices a dead connection only after many minutes.',
      precedent: 'Half of the 60 s that servers allow their clients.',
      bareUnit: 's',
      min: '5s',
      max: '600s',
      preset: DEFAULT_STREAM_LIMITS.acknowledgement,
    }),
    resumption: flag({
      purpose:
        'Whether a stream whose connection to the XMPP server breaks is taken up again over a new one, unseen by the client.',
      reason:
        'It needs a server with SASL2 (XEP-0388), FAST (XEP-0484) and XEP-0198; boshd then logs the client in by SASL2 and keeps a token of its session in memory.',
      preset: DEFAULT_STREAM_LIMITS.resumption,
    }),
  },
  { purpose: 'Times of the stream to an XMPP server.' },
);
