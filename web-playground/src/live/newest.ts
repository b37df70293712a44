/** Something that changes. Of two states of the same `id` the one with the greater `version` is newer. */
export interface Versioned {
  id: string;
  version: number;
}

/**
 * Puts states among those that are known, each unless a newer one is there already: what a snapshot has is told again by
 * the subscription that began before it, and what is told may have been overtaken by the snapshot.
 * Returns those that changed anything.
 */
export function putNewest<T extends Versioned>(known: Map<string, T>, states: Iterable<T>): T[] {
  const news: T[] = [];
  for (const state of states) {
    const before = known.get(state.id);
    if (before && before.version >= state.version) continue;
    known.set(state.id, state);
    news.push(state);
  }
  return news;
}

/** The newer of two states, of which one may be unknown. */
export function newer<T extends Versioned>(one: T, other: T | undefined): T {
  return other && other.version > one.version ? other : one;
}
