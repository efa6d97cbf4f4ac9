/** One SRV record (RFC 2782). */
export interface SrvRecord {
  /** The target host; '' is the root: the service is not offered. */
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/**
 * The order in which targets are tried: by priority, the lower the earlier, and within a priority by a draw in which the
 * weight is the chance to come first (RFC 2782, "The format of the SRV RR").
 *
 * XEP-0368 §3 wants the records of both services in one such order, so mark them and hand them in together.
 *
 * @param random gives numbers from 0 to below 1
 */
export function srvOrder<Marked extends SrvRecord>(
  records: readonly Marked[],
  random: () => number,
): readonly Marked[] {
  const priorities = [...new Set(records.map((record) => record.priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) =>
    byWeight(
      records.filter((record) => record.priority === priority),
      random,
    ),
  );
}

/** Draws without putting back. Weight 0 comes first in the row, so that it has its very small chance. */
function byWeight<Marked extends SrvRecord>(records: readonly Marked[], random: () => number): Marked[] {
  const left = [...records].sort((a, b) => a.weight - b.weight);
  const order: Marked[] = [];
  let sum = left.reduce((total, record) => total + record.weight, 0);
  while (left.length > 0) {
    const drawn = Math.floor(random() * (sum + 1));
    let running = 0;
    const at = left.findIndex((record) => {
      running += record.weight;
      return running >= drawn;
    });
    for (const record of left.splice(at, 1)) {
      sum -= record.weight;
      order.push(record);
    }
  }
  return order;
}
