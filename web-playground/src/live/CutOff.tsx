import type { Patience } from "./patience";
import type { View } from "./section";
import type { Store } from "./store";
import { useNow, useStore, useStores } from "./use";

type State = Pick<View<unknown>, "phase" | "trouble">;

interface Props {
  stores: readonly Pick<Store<State>, "get" | "watch">[];
  patience: Patience;
}

/** Why sections are cut off, and when they try again: all at once, so it is said once. */
export function CutOff({ stores, patience }: Props) {
  const states = useStores(stores);
  const next = useStore(patience);
  const now = useNow(next !== undefined);
  const cut = states.filter(({ phase }) => phase === "cut-off");
  if (cut.length === 0) return null;
  const why = [...new Set(cut.map(({ trouble }) => trouble))].join(" ");
  const seconds = next === undefined ? 0 : Math.max(0, Math.ceil((next - now) / 1000));
  return (
    <div className="cut-off trouble">
      <p>
        {why} {cut.length < states.length && "Not all sections are live. "}What is shown may be old; nothing will be missing afterwards.
      </p>
      <span className="countdown">{next === undefined ? "Trying …" : `Next try in ${seconds} s.`}</span>
      <button onClick={() => patience.now()} disabled={next === undefined}>
        Try now
      </button>
    </div>
  );
}
