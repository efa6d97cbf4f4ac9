const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)?(?:Z|([+-])(\d\d):?(\d\d))$/;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A date and time as in XEP-0082 §3.2, in milliseconds since 1970; undefined where it is none. */
export function parseDateTime(text: string): number | undefined {
  const parts = DATE_TIME.exec(text.trim());
  if (parts === null) return undefined;
  const part = (place: number): number => Number(parts[place] ?? 0);
  const days = daysSince1970(part(1), part(2), part(3));
  const offset = (parts[8] === '-' ? -1 : 1) * (part(9) * 60 + part(10));
  const time = ((part(4) * 60 + part(5)) * 60 + part(6)) * 1000 + Number((parts[7] ?? '').padEnd(3, '0'));
  return days * DAY_MS + time - offset * MINUTE_MS;
}

/** In the Gregorian calendar; years begin in March here, so that a leap day is the last one. */
function daysSince1970(year: number, month: number, day: number): number {
  const fromMarch = (month + 9) % 12;
  const years = year - (month < 3 ? 1 : 0);
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return 365 * years + leapDays + Math.floor((153 * fromMarch + 2) / 5) + day - 1 - 719_468;
}
