/** How often the page looks; a person sees no difference to more. */
const LOOK_MS = 2000;
/** Longer than the listener waits for a worker. */
const ANSWER_MS = 8000;

const live = document.getElementById('live');
const state = document.getElementById('state');

for (;;) {
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  // A tab that nobody sees asks for nothing.
  if (!document.hidden) await look();
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
