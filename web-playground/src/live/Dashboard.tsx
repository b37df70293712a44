import { useEffect, useMemo, useState } from "react";

import { CutOff } from "./CutOff";
import type { Desk } from "./desk";
import type { Phase } from "./feed";
import { LowStock } from "./LowStock";
import { Orders } from "./Orders";
import type { Session } from "./session";
import { SignIn } from "./SignIn";
import { Stock } from "./Stock";
import type { Store } from "./store";
import { useStore, useStores } from "./use";
import { ROLES, summary } from "./words";

/** The shop as it changes, as far as who is signed in may see it. */
export function Dashboard({ desk }: { desk: Desk }) {
  const { patience, session } = desk;
  const { person, stock, mine, orders, low, threshold } = useStore(desk);
  const sections = useMemo(() => [stock, mine, orders, low].filter((it) => it !== undefined), [stock, mine, orders, low]);
  return (
    <>
      <header className="top">
        <h1>
          <img src="/river.svg" alt="" />
          The shop, live
        </h1>
        <nav>
          <a href="/">GraphiQL</a>
        </nav>
        {person && <Who session={session} />}
      </header>
      <Announcer stores={sections} />
      <CutOff stores={sections} patience={patience} />
      <main>
        <Stock section={stock} />
        <div className="column">
          {!person && <SignIn session={session} />}
          {low && (
            <LowStock
              section={low}
              stock={stock}
              threshold={threshold}
              onThreshold={(threshold) => desk.warnAt(threshold)}
            />
          )}
          {orders && <Orders title="All orders" section={orders} withCustomer />}
          {mine && <Orders title="Your orders" section={mine} />}
        </div>
      </main>
    </>
  );
}

function Who({ session }: { session: Session }) {
  const { person } = useStore(session);
  if (!person) return null;
  return (
    <div className="who">
      <span>
        <span className="email">{person.email}</span> <span className="role">{ROLES[person.role]}</span>
      </span>
      <button onClick={() => session.signOut()}>Sign out</button>
    </div>
  );
}

/** What passes sooner needn't be said. */
const SAID_AFTER_MS = 1_000;

/** Tells those who don't see the page how it keeps up: not each change, but when that changes. */
function Announcer({ stores }: { stores: readonly Pick<Store<{ phase: Phase }>, "get" | "watch">[] }) {
  const now = summary(useStores(stores).map(({ phase }) => phase));
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSaid(now), SAID_AFTER_MS);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <p className="unseen" role="status">
      {said}
    </p>
  );
}
