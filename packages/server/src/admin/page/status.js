/** How often the page looks; a person sees no difference to more. */
const LOOK_MS = 2000;
/** Longer than the listener waits for a worker. */
const ANSWER_MS = 8000;

const live = document.getElementById('live');
const state = document.getElementById('state');

const text = document.getElementById('text');
const found = document.getElementById('found');
const orderResult = document.getElementById('order-result');
const token = document.querySelector('meta[name="boshd-token"]')?.content;

/** What is shown of a session, and from what. */
const COLUMNS = [
  ['Session', ({ session }) => session],
  ['Member', ({ member }) => member],
  ['Site', ({ site }) => site],
  ['Domain', ({ domain }) => domain],
  ['Address', ({ address }) => address],
  ['State', ({ state, isLoggedIn, refused }) => stateText(state, isLoggedIn, refused)],
  ['Age', ({ ageMs }) => timeText(ageMs)],
  ['Silent for', ({ silentMs }) => timeText(silentMs)],
  ['Queued', ({ queued, queuedBytes }) => (queued === undefined ? `${queuedBytes} bytes` : String(queued))],
  ['Server answers in', ({ answerMs }) => (answerMs === undefined ? '' : `${Math.round(answerMs)} ms`)],
];
/** More than that nobody reads: the search is there for it. */
const SESSIONS_SHOWN = 50;

text.addEventListener('input', () => void lookForSessions());
document.getElementById('search').addEventListener('submit', (event) => event.preventDefault());
document.getElementById('drain')?.addEventListener('click', () => {
  const question =
    'Take no new sessions any more? Those that are there may stay for a while and are then ended; only a restart takes new ones again.';
  if (confirm(question)) void order('/drain');
});
showHead();
await lookForSessions();

for (;;) {
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  // A tab that nobody sees asks for nothing.
  if (!document.hidden) await Promise.all([look(), lookForSessions()]);
}

/** Takes the page anew, and changes what is different in it: what a person has selected elsewhere stays. */
async function look() {
  try {
    const response = await fetch('/', { signal: AbortSignal.timeout(ANSWER_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const next = new DOMParser().parseFromString(await response.text(), 'text/html');
    takeParts(next.getElementById('live'));
    state.textContent = next.getElementById('state').textContent;
    state.dataset.state = 'online';
  } catch {
    state.textContent = 'No answer: what is below is old. Is boshd running?';
    state.dataset.state = 'off';
  }
}

/** A part that is new gets its place, one that is gone goes, one that changed is replaced. */
function takeParts(next) {
  const parts = [...next.children];
  for (const part of [...live.children]) if (next.querySelector(`#${part.id}`) === null) part.remove();
  for (const [index, part] of parts.entries()) {
    const old = document.getElementById(part.id);
    if (old === null) live.insertBefore(part, live.children[index] ?? null);
    else if (old.outerHTML !== part.outerHTML) old.replaceWith(part);
  }
}

function showHead() {
  const names = COLUMNS.map(([name]) => name);
  const head = document.querySelector('#sessions thead tr');
  head.replaceChildren(
    ...[...names, ...(token === undefined ? [] : ['Order'])].map((name) => {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.setAttribute('role', 'columnheader');
      cell.textContent = name;
      return cell;
    }),
  );
}

async function lookForSessions() {
  const wanted = text.value;
  try {
    const response = await fetch(`/sessions.json?text=${encodeURIComponent(wanted)}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    // A later search may have been answered before.
    if (response.ok && wanted === text.value) showSessions(await response.json());
  } catch {
    // The state line says that nobody answers.
  }
}

function showSessions(members) {
  const count = members.reduce((sum, member) => sum + member.count, 0);
  const shown = members.flatMap(({ sessions }) => sessions).slice(0, SESSIONS_SHOWN);
  found.textContent =
    count > shown.length
      ? `${count} sessions and WebSockets, the first ${shown.length} shown`
      : `${count === 1 ? '1 session or WebSocket' : `${count} sessions and WebSockets`}`;
  document.querySelector('#sessions table').hidden = shown.length === 0;
  const body = document.querySelector('#sessions tbody');
  const old = new Map([...body.children].map((row) => [row.dataset.key, row]));
  body.replaceChildren(
    ...shown.map((status) => {
      const key = `${status.member} ${status.session}`;
      // The row stays the same element, so that a button is not taken away under a finger.
      const row = old.get(key) ?? newRow(key, status);
      for (const [index, [, textOf]] of COLUMNS.entries()) row.children[index].textContent = textOf(status);
      return row;
    }),
  );
}

function newRow(key, { session }) {
  const row = document.createElement('tr');
  row.dataset.key = key;
  row.setAttribute('role', 'row');
  for (const [name] of COLUMNS) row.append(newCell(name));
  if (token === undefined) return row;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Kick';
  button.setAttribute('aria-label', `Kick ${session}`);
  button.addEventListener('click', () => {
    if (confirm(`End the session ${session}? Its client may log in again.`))
      void order(`/kick?about=${encodeURIComponent(session)}`);
  });
  const cell = newCell('Order');
  cell.append(button);
  row.append(cell);
  return row;
}

function newCell(name) {
  const cell = document.createElement('td');
  cell.dataset.name = name;
  cell.setAttribute('role', 'cell');
  return cell;
}

async function order(path) {
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'x-boshd-token': token } });
    orderResult.textContent = (await response.text()).trim();
  } catch {
    orderResult.textContent = 'No answer: it is not known whether the order was carried out.';
  }
  await lookForSessions();
}

function stateText(state, isLoggedIn, refused) {
  if (refused !== '') return `${state}, log-in refused: ${refused}`;
  return isLoggedIn ? `${state}, logged in` : state;
}

function timeText(ms) {
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
