import { type ReactNode, useId } from "react";

import type { Phase } from "./feed";
import type { View } from "./section";
import { moment, PHASES } from "./words";

interface Props {
  title: string;
  view: Omit<View<unknown>, "rows" | "changes">;
  onAgain(): void;
  onRead(): void;
  /** Beside the title. */
  tools?: ReactNode;
  children: ReactNode;
}

/** A section of the page, with a word on how it keeps up. */
export function Panel({ title, view, onAgain, onRead, tools, children }: Props) {
  const heading = useId();
  const { phase, filled, liveAt, trouble, notice } = view;
  const isOld = phase === "cut-off" || phase === "stopped";
  return (
    <section className="panel" aria-labelledby={heading} data-phase={phase}>
      <header>
        <h2 id={heading}>{title}</h2>
        {tools}
        {isOld && filled && liveAt !== undefined && <small className="as-of">as of {moment(liveAt)}</small>}
        <Pill phase={phase} />
      </header>
      {phase === "stopped" && (
        <div className="trouble">
          <p>{trouble}</p>
          <button onClick={onAgain}>Try again</button>
        </div>
      )}
      {notice && (
        <div className="notice">
          <p>{notice}</p>
          <button onClick={onRead}>Got it</button>
        </div>
      )}
      <div className="content" data-old={isOld || undefined}>
        {filled ? children : <p className="empty">{isOld ? "Nothing to show yet." : "Loading …"}</p>}
      </div>
    </section>
  );
}

/** Said by words and by form, not by colour alone. */
function Pill({ phase }: { phase: Phase }) {
  return (
    <span className="pill" data-phase={phase}>
      <span className="dot" aria-hidden="true" />
      {PHASES[phase]}
    </span>
  );
}
