import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";

import type { Store } from "./store";

/** What a store has, drawn again when it changes. */
export function useStore<T>(store: Pick<Store<T>, "get" | "watch">): T {
  return useSyncExternalStore(store.watch, store.get);
}

/** What several stores have. Their list has to be the same one for as long as they are. */
export function useStores<T>(stores: readonly Pick<Store<T>, "get" | "watch">[]): readonly T[] {
  const watch = useCallback(
    (watcher: () => void) => {
      const ends = stores.map((store) => store.watch(watcher));
      return () => ends.forEach((end) => end());
    },
    [stores],
  );
  const read = useMemo(() => {
    let last: readonly T[] = [];
    return () => {
      const values = stores.map((store) => store.get());
      const isSame = values.length === last.length && values.every((value, at) => value === last[at]);
      return (last = isSame ? last : values);
    };
  }, [stores]);
  return useSyncExternalStore(watch, read);
}

/** The time, each second, for as long as something needs it. */
export function useNow(isNeeded: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isNeeded) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isNeeded]);
  return now;
}
