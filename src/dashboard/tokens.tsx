/** API tokens: made here, shown once, revoked here. */
import { useSignal } from "@preact/signals";
import { attempt } from "./announce.ts";
import { call } from "./api.ts";
import { Confirm } from "./dialog.tsx";
import type { TokenView } from "./types.ts";
import { Ago, Cell, Empty, Loaded, Panel, Snippet } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const SCOPES: readonly (readonly [scope: string, title: string])[] = [
  ["ingest", "send alerts (ingest)"],
  ["read", "look (read)"],
  ["operate", "look, silence, send again (operate)"],
  ["admin", "everything (admin)"],
];
const ENDS = ["", "1", "7", "30", "90", "365"];
const DAY_MS = 86_400_000;

export const Tokens = () => {
  const asked = useApi<{ tokens: TokenView[] }>("/api/v1/tokens", { on: ["token"] });
  const name = useSignal("");
  const scope = useSignal("ingest");
  const source = useSignal("");
  const days = useSignal("");
  const made = useSignal<string | null>(null);
  const revoking = useSignal<string | null>(null);
  const create = async (event: Event): Promise<void> => {
    event.preventDefault();
    await attempt(async () => {
      const token = await call<{ token: string }>("POST", "/api/v1/tokens", {
        name: name.value,
        scopes: [scope.value],
        ...(source.value === "" ? {} : { source: source.value }),
        ...(days.value === "" ? {} : { expires_at: new Date(Date.now() + Number(days.value) * DAY_MS).toISOString() }),
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
              <caption class="unseen">Tokens</caption>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">May</th>
                  <th scope="col">Source</th>
                  <th scope="col">Created</th>
                  <th scope="col">Last used</th>
                  <th scope="col">Ends</th>
                  <th scope="col">
                    <span class="unseen">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {tokens.map((token) => (
                  <tr key={token.name}>
                    <td>{token.name}</td>
                    <Cell of="may">{token.scopes.join(", ")}</Cell>
                    <Cell of="source" class="dim">
                      {token.source ?? ""}
                    </Cell>
                    <Cell of="created" class="dim">
                      <Ago at={token.created_at} /> by {token.created_by}
                    </Cell>
                    <Cell of="last used" class="dim">
                      {token.last_used_at === null ? "never" : <Ago at={token.last_used_at} />}
                    </Cell>
                    <Cell of="ends" class="dim">
                      {token.expires_at === null ? "never" : <Ago at={token.expires_at} />}
                    </Cell>
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
              {SCOPES.map(([one, title]) => (
                <option key={one} value={one}>
                  {title}
                </option>
              ))}
            </select>
          </label>
          {scope.value === "ingest" && (
            <label>
              Source, if it has one in the document
              <input
                value={source.value}
                onInput={(event) => {
                  source.value = event.currentTarget.value;
                }}
              />
            </label>
          )}
          <label>
            Ends
            <select
              value={days.value}
              onChange={(event) => {
                days.value = event.currentTarget.value;
              }}
            >
              {ENDS.map((one) => (
                <option key={one} value={one}>
                  {one === "" ? "never" : `after ${one} ${one === "1" ? "day" : "days"}`}
                </option>
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
