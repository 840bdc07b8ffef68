/** The routing tree as it is in force; with an explanation, the way an alert takes through it and why not the others. */
import { reasonText } from "./reasons.ts";
import { duration } from "./time.ts";
import type { Explanation, RouteView } from "./types.ts";
import { Cell, State } from "./ui.tsx";

/** An id is its parent's, its matchers and its position, so positions tell how deep a route lies. */
const depthOf = (id: string): number => Math.min(6, (id.match(/\/\d+(?=\/|$)/g) ?? []).length);

const timingOf = (route: RouteView): string =>
  route.group_by.length === 0
    ? `all together, first after ${duration(route.group_wait_ms)}`
    : route.group_by.includes("...")
      ? "each alert by itself"
      : `by ${route.group_by.join(", ")}; first after ${duration(route.group_wait_ms)}, then every ${duration(route.group_interval_ms)}, again after ${duration(route.repeat_interval_ms)}`;

type Step = Explanation["routes"][number];

const WhyNot = ({ step }: { readonly step: Step | undefined }) => {
  const isOnPath = step?.reason === "matched" || step?.reason === "passed_on";
  return (
    <>
      <State of={isOnPath ? "matched" : "skipped"} label={reasonText(step?.reason ?? "not asked")} />
      {step?.matcher != null && (
        <div class="dim">
          wants <code>{step.matcher}</code>,{" "}
          {step.actual === null || step.actual === "" ? (
            "but there is none"
          ) : (
            <>
              but it is <code>{JSON.stringify(step.actual)}</code>
            </>
          )}
        </div>
      )}
    </>
  );
};

const ROW_CLASS: Readonly<Record<string, string>> = { matched: "taken", passed_on: "on-path" };

interface TreeProps {
  readonly routes: readonly RouteView[];
  readonly explained: Explanation | null;
}

export const Tree = ({ routes, explained }: TreeProps) => (
  <table class="cards tree">
    <caption class="unseen">Routes, parents before children</caption>
    <thead>
      <tr>
        <th scope="col">Route</th>
        <th scope="col">Receiver</th>
        <th scope="col">Targets</th>
        <th scope="col">Told together</th>
        {explained !== null && <th scope="col">This alert</th>}
      </tr>
    </thead>
    <tbody>
      {routes.map((route) => {
        const step = explained?.routes.find(({ id }) => id === route.id);
        const mutes = [...route.mute_time_intervals, ...route.active_time_intervals];
        return (
          <tr key={route.id} class={explained === null ? "" : (ROW_CLASS[step?.reason ?? ""] ?? "passed")}>
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
            <Cell of="receiver" class="name">
              {route.receiver}
            </Cell>
            <Cell of="targets" class="name dim">
              {route.targets === "all" ? "every enabled one" : route.targets.join(", ") || "nobody"}
            </Cell>
            <Cell of="together" class="dim">
              {timingOf(route)}
              {mutes.length > 0 && <div>times: {mutes.join(", ")}</div>}
            </Cell>
            {explained !== null && (
              <td>
                <WhyNot step={step} />
              </td>
            )}
          </tr>
        );
      })}
    </tbody>
  </table>
);
