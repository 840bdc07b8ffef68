/** The routing tree as deployed, a tester that says why an alert takes which way, and the document with its versions. */
import { useSignal } from "@preact/signals";
import { parseUtf8 } from "../../core/alert/matcher-utf8.ts";
import { call, may } from "../api.ts";
import { splitFilter } from "../filter.ts";
import { useQuery } from "../query.ts";
import { RouteDocument } from "../route-document.tsx";
import { duration } from "../time.ts";
import type { Explanation, RouteView } from "../types.ts";
import { Loaded, Panel, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";
import { Verdicts } from "../verdicts.tsx";

/** An id is its parent's, its matchers and its position, so positions tell how deep a route lies. */
const depthOf = (id: string): number => Math.min(6, (id.match(/\/\d+(?=\/|$)/g) ?? []).length);

interface TreeProps {
  readonly routes: readonly RouteView[];
  readonly explained: Explanation | null;
}

const Tree = ({ routes, explained }: TreeProps) => (
  <table class="cards">
    <thead>
      <tr>
        <th>Route</th>
        <th>Receiver</th>
        <th>Targets</th>
        <th>Grouping</th>
        {explained !== null && <th>This alert</th>}
      </tr>
    </thead>
    <tbody>
      {routes.map((route) => {
        const step = explained?.routes.find(({ id }) => id === route.id);
        const taken = step?.reason === "matched";
        return (
          <tr key={route.id} class={explained === null ? "" : taken ? "taken" : "passed"}>
            <td class={`depth-${depthOf(route.id)}`}>
              {route.matchers.length === 0 ? (
                <span class="dim">every alert</span>
              ) : (
                <ul class="labels">
                  {route.matchers.map((matcher) => (
                    <li key={matcher}>
                      <code class="label">{matcher}</code>
                    </li>
                  ))}
                </ul>
              )}
            </td>
            <td>{route.receiver}</td>
            <td class="dim">{route.targets === "all" ? "every enabled one" : route.targets.join(", ") || "none"}</td>
            <td class="dim">
              {route.group_by.length === 0
                ? "none"
                : `${route.group_by.join(", ")}; ${duration(route.group_wait_ms)} / ${duration(route.group_interval_ms)} / ${duration(route.repeat_interval_ms)}`}
            </td>
            {explained !== null && (
              <td>
                <State of={taken ? "ok" : "skipped"} label={(step?.reason ?? "not asked").replaceAll("_", " ")} />
                {step?.matcher != null && (
                  <div class="dim">
                    {step.matcher}, but it is {JSON.stringify(step.actual ?? "")}
                  </div>
                )}
              </td>
            )}
          </tr>
        );
      })}
    </tbody>
  </table>
);

/** Labels as typed: `alertname="X", severity=critical`, one after the other. */
const readLabels = (text: string): Record<string, string> | string => {
  const pairs: [string, string][] = [];
  for (const part of splitFilter(text.replaceAll("\n", ","))) {
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
  const routes = useApi<{ routes: RouteView[] }>("/api/v1/routes");
  const text = useSignal(query["labels"] ?? EXAMPLE);
  const problem = useSignal<string | null>(null);
  const explained = useSignal<Explanation | null>(null);
  const test = async (event: Event): Promise<void> => {
    event.preventDefault();
    const labels = readLabels(text.value);
    explained.value = null;
    problem.value = typeof labels === "string" ? labels : null;
    if (typeof labels === "string") return;
    change({ labels: text.value }, true);
    try {
      explained.value = await call<Explanation>("POST", "/api/v1/explain", { labels });
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  return (
    <>
      <Panel title="Where would this alert go?">
        <form class="form" onSubmit={(event) => void test(event)}>
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
          <div>
            <button type="submit" class="primary">
              Test the route
            </button>
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
