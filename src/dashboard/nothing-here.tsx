/** What an empty alert list says: that all is well and since when, that a filter hides everything, or how to begin. */
import { FirstAlert } from "./first-alert.tsx";
import { hrefWith, useQuery } from "./query.ts";
import type { EventList } from "./types.ts";
import { Ago, Empty, State } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const AllWell = () => {
  const { query, path } = useQuery();
  const asked = useApi<EventList>("/history/recent?limit=1", { on: ["alert"] });
  if (asked.value === null) return <Empty title="Nothing is firing." />;
  const [last] = asked.value.alerts;
  if (last === undefined) return <FirstAlert />;
  return (
    <div class="empty">
      <strong>
        <State of="ok" label="Nothing is firing." />
      </strong>
      <p>
        The last change was <a href={hrefWith(path, query, { tab: "all", sel: last.fingerprint })}>{last.alertname}</a>,{" "}
        {last.status}, <Ago at={last.received_at} />. Everything that happened is under{" "}
        <a href={hrefWith(path, query, { tab: "all" })}>All events</a>; whether the senders are alive, the{" "}
        <a href="/">overview</a> tells.
      </p>
    </div>
  );
};

export const NothingHere = ({ tab, q }: { readonly tab: string; readonly q: string }) => {
  const { query, path, change } = useQuery();
  if (q !== "") {
    return (
      <Empty title="No alert matches this filter.">
        <p>
          <button type="button" onClick={() => change({ q: null })}>
            Clear the filter
          </button>{" "}
          {tab === "all" ? (
            "or take a longer range."
          ) : (
            <>
              or look in <a href={hrefWith(path, query, { tab: "all" })}>All events</a>.
            </>
          )}
        </p>
      </Empty>
    );
  }
  if (tab === "firing") return <AllWell />;
  if (tab === "suppressed") {
    return (
      <Empty title="Nothing is suppressed.">
        <p>
          What a silence, an inhibition or a time keeps quiet is shown here. Silences are under{" "}
          <a href="/silences">Silences</a>.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title={tab === "resolved" ? "Nothing resolved in this range." : "Nothing happened in this range."}>
      <p>
        Take a longer range. If nothing has ever come in: the lines that make senders send here are in{" "}
        <a href="/settings">Settings</a>.
      </p>
    </Empty>
  );
};
