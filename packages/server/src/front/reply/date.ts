const SECOND_MS = 1000;

let text = '';
let fromMs = 0;

/** Now, as HTTP writes it (RFC 9110 §5.6.7); made once a second. */
export function httpDate(): string {
  const nowMs = Date.now();
  if (nowMs < fromMs || nowMs >= fromMs + SECOND_MS) {
    fromMs = nowMs - (nowMs % SECOND_MS);
    text = new Date(nowMs).toUTCString();
  }
  return text;
}
