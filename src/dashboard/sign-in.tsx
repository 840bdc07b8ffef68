/** The token is asked for once and exchanged for a cookie that scripts cannot read. */
import { useSignal } from "@preact/signals";
import type { SessionView } from "../worker/schemas.ts";
import { call, session } from "./api.ts";

export const SignIn = () => {
  const token = useSignal("");
  const problem = useSignal<string | null>(null);
  const busy = useSignal(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    problem.value = null;
    try {
      session.value = await call<SessionView>("POST", "/api/v1/session", { token: token.value.trim() });
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
    busy.value = false;
  };
  return (
    <main class="sign-in">
      <form class="panel" onSubmit={(event) => void submit(event)}>
        <h1>Alert History</h1>
        <p>Sign in with an API token that may read. A local run prints its admin token when it starts.</p>
        <label>
          Token
          <input
            type="password"
            autocomplete="current-password"
            required
            autofocus
            value={token.value}
            onInput={(event) => {
              token.value = event.currentTarget.value;
            }}
          />
        </label>
        {problem.value !== null && (
          <p class="notice bad" role="alert">
            {problem.value}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy.value}>
          {busy.value ? "Signing in …" : "Sign in"}
        </button>
      </form>
    </main>
  );
};
