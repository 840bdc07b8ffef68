/** Who changed what in this installation, newest first. */
import { withQuery } from "./api.ts";
import type { LiveChange, LiveKind } from "./live.ts";
import { useQuery } from "./query.ts";
import { shortDate } from "./time.ts";
import type { AuditView } from "./types.ts";
import { Ago, Cell, Empty, Loaded, Panel } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const KINDS: readonly (readonly [action: string, title: string])[] = [
  ["", "everything"],
  ["silence", "silences"],
  ["config", "configuration"],
  ["enrichment", "mode"],
  ["target", "targets"],
  ["token", "tokens"],
  ["filter", "filters"],
  ["notifications", "sent again"],
  ["dead_letter", "discarded"],
];

/** What people change; of notifications only what they do with them. */
const AUDITED: readonly LiveKind[] = ["silence", "mode", "config", "target", "filter", "token", "delivery"];
const isAudited = ({ type, status }: LiveChange): boolean =>
  type !== "delivery" || status === "replayed" || status === "discarded";

/** Numbers above this are times; no count comes near. */
const FIRST_TIME = Date.UTC(2020, 0, 1);

const isMatcher = (value: unknown): value is { name: string; operator: string; value: string } =>
  typeof value === "object" && value !== null && "operator" in value && "name" in value && "value" in value;

const valueText = (value: unknown): string => {
  if (typeof value === "number" && value > FIRST_TIME) return shortDate(value);
  if (Array.isArray(value)) return value.map(valueText).join(" ");
  if (isMatcher(value)) return `${value.name}${value.operator}"${value.value}"`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

/** What is known of a change, short enough for one line. */
const detailText = (detail: Readonly<Record<string, unknown>>): string =>
  Object.entries(detail)
    .filter(([, value]) => value !== null && value !== "" && value !== false)
    .map(([name, value]) => `${name}: ${valueText(value)}`)
    .join(", ");

export const Changes = () => {
  const { query, change } = useQuery();
  const action = query["changes"] ?? "";
  const asked = useApi<AuditView>(withQuery("/api/v1/audit", { action, limit: 25 }), {
    on: AUDITED,
    about: isAudited,
    everyMs: 5_000,
  });
  return (
    <Panel
      title="Who changed what"
      tools={
        <select
          aria-label="Kind of change"
          value={action}
          onChange={(event) => change({ changes: event.currentTarget.value })}
        >
          {KINDS.map(([kind, title]) => (
            <option key={kind} value={kind}>
              {title}
            </option>
          ))}
        </select>
      }
    >
      <Loaded of={asked} what="changes">
        {({ entries }) =>
          entries.length === 0 ? (
            <Empty title="Nobody has changed anything of this kind." />
          ) : (
            <table class="cards">
              <caption class="unseen">Changes, newest first</caption>
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col">What</th>
                  <th scope="col">Of</th>
                  <th scope="col">Detail</th>
                </tr>
              </thead>
              <tbody>
                {entries.map((entry) => (
                  <tr key={entry.id}>
                    <td class="nowrap">
                      <Ago at={entry.at} />
                    </td>
                    <Cell of="by" class="nowrap">
                      {entry.actor}
                    </Cell>
                    <Cell of="what" class="nowrap">
                      {entry.action.replaceAll("_", " ")}
                    </Cell>
                    <Cell of="of">{entry.subject}</Cell>
                    <td class="dim">{detailText(entry.detail)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
    </Panel>
  );
};
