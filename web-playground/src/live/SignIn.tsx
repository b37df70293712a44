import { type FormEvent, useState } from "react";

import type { Session } from "./session";
import { trouble, type Trouble } from "./trouble";
import { useStore } from "./use";

const REFUSED: Record<string, string> = {
  INVALID_CREDENTIALS: "The e-mail or the password is wrong.",
  TOO_MANY_ATTEMPTS: "Too many attempts. Try again in a few minutes.",
};

/** Signs in, and says why somebody was signed out. */
export function SignIn({ session }: { session: Session }) {
  const { ended } = useStore(session);
  const [refused, setRefused] = useState<Trouble>();
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const entered = new FormData(event.currentTarget);
    setBusy(true);
    setRefused(undefined);
    try {
      await session.signIn(String(entered.get("email")), String(entered.get("password")));
    } catch (error) {
      setRefused(trouble(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <section className="panel sign-in" aria-labelledby="sign-in">
      <header>
        <h2 id="sign-in">Sign in</h2>
      </header>
      <div role="alert">
        {ended && !refused && <p className="notice">{ended}</p>}
        {refused && <p className="trouble">{REFUSED[refused.code] ?? refused.text}</p>}
      </div>
      <form onSubmit={submit}>
        <p>Customers see their orders, staff see everybody’s and what runs out.</p>
        <label>
          E-mail
          <input name="email" type="email" autoComplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <button className="main" disabled={isBusy}>
          {isBusy ? "Signing in …" : "Sign in"}
        </button>
      </form>
    </section>
  );
}
