/** API tokens: made here, shown once, revoked here. */
import { useSignal } from "@preact/signals";
import { attempt } from "./announce.ts";
import { call } from "./api.ts";
import { Confirm } from "./dialog.tsx";
import type { TokenView } from "./types.ts";
import { Ago, Empty, Loaded, Panel, Snippet } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const SCOPES = ["ingest", "read", "operate", "admin"];

export const Tokens = () => {
  const asked = useApi<{ tokens: TokenView[] }>("/api/v1/tokens", { follow: false });
  const name = useSignal("");
  const scope = useSignal("ingest");
  const made = useSignal<string | null>(null);
  const revoking = useSignal<string | null>(null);
  const create = async (event: Event): Promise<void> => {
    event.preventDefault();
    await attempt(async () => {
      const token = await call<{ token: string }>("POST", "/api/v1/tokens", {
        name: name.value,
        scopes: [scope.value],
      });
      made.value = token.token;
      name.value = "";
    }, "Token created");
    asked.refresh();
  };
  const revoke = async (which: string): Promise<void> => {
    await attempt(() => call("DELETE", `/api/v1/tokens/${encodeURIComponent(which)}`), `${which} is revoked`);
    asked.refresh();
  };
  return (
    <Panel title="Tokens">
      <Loaded of={asked} what="tokens">
        {({ tokens }) =>
          tokens.length === 0 ? (
            <Empty title="Only the tokens of the configuration exist." />
          ) : (
            <table class="cards">
              <tbody>
                {tokens.map((token) => (
                  <tr key={token.name}>
                    <td>{token.name}</td>
                    <td>{token.scopes.join(", ")}</td>
                    <td class="dim">
                      by {token.created_by} <Ago at={token.created_at} />
                    </td>
                    <td>
                      <button
                        type="button"
                        class="small"
                        onClick={() => {
                          revoking.value = token.name;
                        }}
                      >
                        Revoke …
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      {made.value !== null && (
        <>
          <p class="notice">This is the only time it is shown:</p>
          <Snippet text={made.value} />
        </>
      )}
      <form class="form" onSubmit={(event) => void create(event)}>
        <div class="row">
          <label>
            Name
            <input
              required
              pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
              value={name.value}
              onInput={(event) => {
                name.value = event.currentTarget.value;
              }}
            />
          </label>
          <label>
            May
            <select
              value={scope.value}
              onChange={(event) => {
                scope.value = event.currentTarget.value;
              }}
            >
              {SCOPES.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        </div>
        <div>
          <button type="submit">Create a token</button>
        </div>
      </form>
      {revoking.value !== null && (
        <Confirm
          title={`Revoke ${revoking.value}?`}
          action="Revoke"
          onClose={() => {
            revoking.value = null;
          }}
          onConfirm={() => void revoke(revoking.peek() ?? "")}
        >
          <p>Whoever uses it is turned away, at the latest after 30 seconds.</p>
        </Confirm>
      )}
    </Panel>
  );
};
