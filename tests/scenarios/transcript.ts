/**
 * Reads and writes transcripts: what happened to a connection manager, and what followed, line by line.
 *
 * What happens (each followed by what follows from it):
 *
 *   -> A <body .../>         the client sends request A; before the <body/> may stand, each with a blank behind it:
 *                            `http` (not https), `script` (XEP-0252), `site:NAME`, `address:192.0.2.7`, `for-page` (its session is
 *                            to be claimed; with `bound:NAME=VALUE` by a page with that cookie), `cookie:NAME=VALUE`, `line:50001`
 *                            (the client's connection, as a proxy names it)
 *   => <stream:stream ...>   the XMPP server sends this
 *   !! up | up tls           the link to the server is up, or up and under TLS
 *   !! secured               TLS was made on the link
 *   !! down REASON           the link could not be had, or is lost
 *   !! blocked | unblocked   the server does not read what is sent to it, or does again
 *   !! abort A               the client closed the connection of request A before its reply
 *   !! lost A                the reply to A could not be written
 *   !! taken A               the client of A closed its connection after the reply, as no reply but this one went there
 *   !! wait 15s              time passes (ms or s)
 *   !! link 1                from now on the server's lines are about the link that was dialled first; else about the newest
 *   !! offer 30s             the session is logged in, and can be claimed for so long
 *   !! shutdown              boshd is stopped
 *   !! drain                 no new sessions from now on
 *   !! socket                a WebSocket is opened (behind it `http`, `site:`, `address:`)
 *   -> ws <open .../>        its client sends a message
 *   !! pong | unread | reads | gone    it answers a ping; does not read; reads again; its connection is gone, `gone away` with its page
 *
 * What follows:
 *
 *   <- A 200 <body .../>     A is answered; a Content-Type other than text/xml stands behind the status
 *   <- A dropped             its connection is closed without a reply
 *   <= <auth .../>           the server gets this
 *   == dial example.org required | secure | close | read off | read on     work on the link
 *                            `(link 1)` before it: on another link than the one that the transcript is about
 *   <- ws <open .../>        the WebSocket gets a message; `(ping)`: a ping
 *   == ws close 1000 | ws read off | ws read on        work on it
 *   .. session-ended client-inactive        a line of the log
 *   @ 250ms                  so much later (while waiting)
 *
 * A line that starts with two blanks goes on with the one above. SID stands for the sid of the session, S1 for the name of its first stream, and in what is
 * sent BOSH for `sid='SID' xmlns='http://jabber.org/protocol/httpbind'`, STREAM for the start tag of a server's stream, and DEEP for
 * content that is one level deeper than `## depthMax 5` allows in a stanza.
 *
 * In a creation reply CREATED stands for all that is usual (see elide.ts): what start/created.txt gets, which shows it whole; and
 * CREATED-POLLING for what the same client gets with wait='0'. Behind it stands what is otherwise, ` -NAME` for what is missing.
 *
 * Before the first step: `## after NAME` plays the transcript start/NAME.txt first, `## creation ack='1'` has its creation request
 * ask for more, `## whole yes` shows creation replies whole, any other `## KEY VALUE` is a setting that is not the default. `## head LINE` is
 * a line of the HTTP head of every request, as the client really sends it: HOST stands for the host and port, LENGTH for the length
 * of the body. What starts with a single # is a comment.
 */
export interface Step {
  /** The happening's lines as written. */
  readonly source: readonly string[];
  readonly mark: '->' | '=>' | '!!';
  readonly text: string;
  readonly expected: readonly string[];
}

export interface Transcript {
  /** Name of the transcript to be played first. */
  readonly after: string | undefined;
  /** More attributes for the creation request of that one. */
  readonly creation: string;
  /** Creation replies are its matter: nothing of them is elided. */
  readonly isWhole: boolean;
  readonly settings: ReadonlyMap<string, string>;
  /** Lines of the HTTP head of each request; none: those of any client. */
  readonly head: readonly string[];
  /** Comment and blank lines before the first step. */
  readonly preamble: readonly string[];
  readonly steps: readonly (Step & { readonly after: readonly string[] })[];
}

const HAPPENING = /^(->|=>|!!) (.*)$/;
const FOLLOWING = /^(<-|<=|==|\.\.|@) /;

export function parseTranscript(text: string): Transcript {
  const preamble: string[] = [];
  const steps: { source: string[]; mark: Step['mark']; text: string; expected: string[]; after: string[] }[] =
    [];
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const step = steps.at(-1);
    const happening = HAPPENING.exec(line);
    if (happening !== null) {
      const mark = happening[1] === '->' ? '->' : happening[1] === '=>' ? '=>' : '!!';
      steps.push({ source: [line], mark, text: happening[2] ?? '', expected: [], after: [] });
    } else if (step === undefined) {
      preamble.push(line);
    } else if (line.startsWith('  ') && step.expected.length === 0 && step.after.length === 0) {
      step.source.push(line);
      step.text += ` ${line.trim()}`;
    } else if (FOLLOWING.test(line)) {
      step.expected.push(line);
    } else {
      step.after.push(line);
    }
  }
  const settings = new Map(preamble.flatMap(settingOf));
  const after = settings.get('after');
  const creation = settings.get('creation') ?? '';
  const isWhole = settings.get('whole') === 'yes';
  for (const ofThis of ['after', 'creation', 'whole', 'head']) settings.delete(ofThis);
  return { after, creation, isWhole, settings, head: preamble.flatMap(headLineOf), preamble, steps };
}

function headLineOf(line: string): string[] {
  const [, text] = /^## head (.+)$/.exec(line) ?? [];
  return text === undefined ? [] : [text];
}

function settingOf(line: string): [key: string, value: string][] {
  const [, key, value] = /^## (\S+) (.+)$/.exec(line) ?? [];
  return key === undefined || value === undefined ? [] : [[key, value]];
}

/** The transcript with what really followed, for regenerating a file. */
export function renderTranscript(
  { preamble, steps }: Transcript,
  actual: readonly (readonly string[])[],
): string {
  const lines = [...preamble];
  steps.forEach((step, index) => {
    lines.push(...step.source, ...(actual[index] ?? []), ...step.after);
  });
  return `${lines.join('\n')}\n`;
}
