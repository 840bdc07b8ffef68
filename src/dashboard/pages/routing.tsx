/** The routing tree as deployed, a tester that says why an alert takes which way, and the document with its versions. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { parseUtf8 } from "../../core/alert/matcher-utf8.ts";
import { call, may } from "../api.ts";
import { splitFilter } from "../filter.ts";
import { useQuery } from "../query.ts";
import { RouteDocument } from "../route-document.tsx";
import { Tree } from "../route-tree.tsx";
import type { EventList, Explanation, RouteView } from "../types.ts";
import { Loaded, Panel } from "../ui.tsx";
import { useApi } from "../use-api.ts";
import { Verdicts } from "../verdicts.tsx";
import { labelText } from "../why-now.tsx";

/** Labels as typed: `alertname="X", severity=critical`, one after the other; or JSON, as senders have it. */
const readLabels = (text: string): Record<string, string> | string => {
  if (text.trim().startsWith("{")) {
    try {
      const parsed = JSON.parse(text) as { labels?: Record<string, unknown> } & Record<string, unknown>;
      const pairs = Object.entries(parsed.labels ?? parsed).filter(([, value]) => typeof value === "string");
      return pairs.length === 0 ? "there is no label in it" : (Object.fromEntries(pairs) as Record<string, string>);
    } catch {
      // Braces around matchers are read below.
    }
  }
  const pairs: [string, string][] = [];
  const bare = text.trim().replace(/^\{|\}$/g, "");
  for (const part of splitFilter(bare.replaceAll("\n", ","))) {
    const parsed = parseUtf8(part);
    const spec = parsed.ok ? parsed.value[0] : undefined;
    if (spec === undefined || spec.operator !== "=") return `${part}: write name="value"`;
    pairs.push([spec.name, spec.value]);
  }
  return pairs.length === 0 ? "at least one label is needed" : Object.fromEntries(pairs);
};

const EXAMPLE = 'alertname="HighErrorRate", severity="critical", namespace="shop"';

const Routing = () => {
  const { query, change } = useQuery();
  const routes = useApi<{ routes: RouteView[] }>("/api/v1/routes", { on: ["config", "target", "cluster"] });
  const recent = useApi<EventList>("/history/recent?limit=20");
  const text = useSignal(query["labels"] ?? EXAMPLE);
  const problem = useSignal<string | null>(null);
  const explained = useSignal<Explanation | null>(null);
  const ask = async (given: string): Promise<void> => {
    const labels = readLabels(given);
    explained.value = null;
    problem.value = typeof labels === "string" ? labels : null;
    if (typeof labels === "string") return;
    try {
      explained.value = await call<Explanation>("POST", "/api/v1/explain", { labels });
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  // A link that carries labels shows their way at once, and so does Back.
  useEffect(() => {
    const given = query["labels"];
    if (given === undefined) return;
    text.value = given;
    void ask(given);
  }, [query["labels"]]);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (query["labels"] === text.value) void ask(text.value);
    else change({ labels: text.value });
  };
  const names = [...new Map((recent.value?.alerts ?? []).map((alert) => [alert.alertname, alert])).values()];
  return (
    <>
      <Panel title="Where would this alert go?">
        <form class="form" onSubmit={submit}>
          <label>
            Labels
            <textarea
              rows={2}
              spellcheck={false}
              value={text.value}
              onInput={(event) => {
                text.value = event.currentTarget.value;
              }}
            />
          </label>
          <div class="quick">
            <button type="submit" class="primary">
              Test the route
            </button>
            {names.length > 0 && (
              <select
                aria-label="Take them from a recent alert"
                value=""
                onChange={(event) => {
                  const found = names.find(({ event_id: id }) => id === event.currentTarget.value);
                  if (found !== undefined) change({ labels: labelText(found.labels) });
                }}
              >
                <option value="">labels of a recent alert …</option>
                {names.map((alert) => (
                  <option key={alert.event_id} value={alert.event_id}>
                    {alert.alertname}
                  </option>
                ))}
              </select>
            )}
          </div>
          {problem.value !== null && (
            <p class="notice bad" role="alert">
              {problem.value}
            </p>
          )}
        </form>
        <div role="status">{explained.value !== null && <Verdicts of={explained.value} />}</div>
      </Panel>
      <Panel title="The tree in force">
        <Loaded of={routes} what="routes">
          {(value) => <Tree routes={value.routes} explained={explained.value} />}
        </Loaded>
      </Panel>
      <RouteDocument editable={may("admin")} onChange={routes.refresh} />
    </>
  );
};

export default Routing;
