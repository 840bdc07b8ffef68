/** Small parts that every page is made of. */
import type { ComponentChildren, JSX } from "preact";
import { absolute, duration, now } from "./time.ts";
import type { Asked } from "./use-api.ts";

const SHAPES: Readonly<Record<string, JSX.Element>> = {
  critical: <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z M8 4v5 M8 11v1.2" />,
  warning: <path d="M8 1.5 15 14H1z M8 6v4 M8 11.4v1" />,
  info: <path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z M8 7v4.5 M8 4.4v1" />,
  noise: <path d="M2 8h2 M7 8h2 M12 8h2" />,
};

/** Colour, shape and word: no one of them alone. */
export const Severity = ({ of }: { readonly of: string }) => (
  <span class={`severity ${Object.hasOwn(SHAPES, of) ? of : "info"}`}>
    <svg viewBox="0 0 16 16" aria-hidden="true">
      {Object.hasOwn(SHAPES, of) ? SHAPES[of] : SHAPES["info"]}
    </svg>
    {of}
  </span>
);

const GOOD = [
  ...["delivered", "succeeded", "healthy", "resolved", "active", "ok", "closed", "sent", "success", "alive"],
  ...["intelligent", "digested", "matched"],
];
const BAD = [
  ...["dead", "dlq", "unhealthy", "firing", "open", "failed", "failure", "missing", "stale", "breaker_open"],
  ...["failing", "frozen"],
];
const WARN = [
  ...["retry", "retrying", "degraded", "half_open", "deferred", "pending", "queued", "suppressed", "silenced"],
  ...["metrics_only", "held", "partial", "never", "waiting"],
];

/** Words of the API that say less than people do. */
const WORDS: Readonly<Record<string, string>> = {
  dlq: "dead letter",
  succeeded: "delivered",
  dead: "dead letter",
  canceled: "not sent",
};

export type Tone = "good" | "bad" | "warn" | "plain";
export const toneOf = (word: string): Tone =>
  GOOD.includes(word) ? "good" : BAD.includes(word) ? "bad" : WARN.includes(word) ? "warn" : "plain";
const MARKS = { good: "✓", bad: "●", warn: "◐", plain: "·" };

/** A word of a closed set, with a mark whose shape says good, bad or in between. */
export const State = ({ of, label }: { readonly of: string; readonly label?: string }) => {
  const kind = toneOf(of);
  return (
    <span class={`state ${kind}`}>
      <span aria-hidden="true">{MARKS[kind]}</span> {label ?? WORDS[of] ?? of.replaceAll("_", " ")}
    </span>
  );
};
/** Relative and ticking; the absolute time is its title. */
export const Ago = ({ at, suffix = " ago" }: { readonly at: string | number | null; readonly suffix?: string }) => {
  if (at === null) return <span class="dim">never</span>;
  const ms = typeof at === "number" ? at : Date.parse(at);
  if (!Number.isFinite(ms)) return <span class="dim">unknown</span>;
  const ahead = ms > now.value + 5_000;
  return (
    <time dateTime={new Date(ms).toISOString()} title={absolute(ms)}>
      {ahead ? `in ${duration(ms - now.value)}` : `${duration(now.value - ms)}${suffix}`}
    </time>
  );
};

export const At = ({ at }: { readonly at: string | null }) =>
  at === null ? <span class="dim">–</span> : <time dateTime={at}>{absolute(Date.parse(at))}</time>;

interface PanelProps {
  readonly title: string;
  readonly class?: string;
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

export const Panel = ({ title, tools, children, class: extra = "" }: PanelProps) => (
  <section class={`panel ${extra}`}>
    <header>
      <h2>{title}</h2>
      {tools}
    </header>
    {children}
  </section>
);

export const Empty = ({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) => (
  <div class="empty">
    <strong>{title}</strong>
    {children}
  </div>
);

interface LoadedProps<T> {
  readonly of: Asked<T>;
  /** What is missing where the server does not know the path. */
  readonly what: string;
  readonly children: (value: T) => ComponentChildren;
}

/** Shows an answer, or honestly why there is none. What was there stays while it is asked again. */
export function Loaded<T>({ of, what, children }: LoadedProps<T>) {
  if (of.value !== null) {
    return (
      <>
        {of.error !== null && <p class="notice bad">Out of date: {of.error.message}.</p>}
        {children(of.value)}
      </>
    );
  }
  if (of.error === null) return <p class="loading">Loading {what} …</p>;
  if (of.error.status === 404) return <Empty title={`No ${what} here.`}>{<p>{of.error.message}</p>}</Empty>;
  return (
    <div class="notice bad">
      <p>
        The {what} could not be read: {of.error.message}.
      </p>
      <button type="button" onClick={of.refresh}>
        Try again
      </button>
    </div>
  );
}

/** A link out of here, for http and https only; anything else is plain text. */
export const Outside = ({ url, children }: { readonly url: string; readonly children?: ComponentChildren }) =>
  /^https?:\/\//i.test(url) ? (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children ?? url} <span aria-hidden="true">↗</span>
    </a>
  ) : (
    <span>{url}</span>
  );

export const percent = (share: number | null | undefined, digits = 1): string =>
  share === null || share === undefined || Number.isNaN(share) ? "–" : `${(share * 100).toFixed(digits)} %`;

export const count = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : new Intl.NumberFormat("en").format(value).replaceAll(",", " ");

export const Labels = ({ of, onPick }: LabelsProps) => (
  <ul class="labels">
    {Object.entries(of).map(([name, value]) => (
      <li key={name}>
        {onPick === undefined ? (
          <span class="label">
            <b>{name}</b>={value}
          </span>
        ) : (
          <button
            type="button"
            class="label"
            title="Filter by it; with Alt: filter it out"
            onClick={(event) => onPick(name, value, event.altKey)}
          >
            <b>{name}</b>={value}
          </button>
        )}
      </li>
    ))}
  </ul>
);

interface LabelsProps {
  readonly of: Readonly<Record<string, string>>;
  readonly onPick?: (name: string, value: string, out: boolean) => void;
}

/** A cell of a table whose heading is told again where the table becomes cards. */
export const Cell = ({ of, class: extra = "", children }: CellProps) => (
  <td data-label={of} class={extra}>
    {children}
  </td>
);

interface CellProps {
  readonly of: string;
  readonly class?: string;
  readonly children?: ComponentChildren;
}

interface TileProps {
  readonly label: string;
  readonly href?: string;
  readonly tone?: Tone | undefined;
  readonly note?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A number to look at, and where to go for more. */
export const Tile = ({ label, href, tone = "plain", note, children }: TileProps) => {
  const inside = (
    <>
      <span class="name">{label}</span>
      <span class="value">{children}</span>
      <span class="note">{note}</span>
    </>
  );
  return href === undefined ? (
    <div class={`tile ${tone}`}>{inside}</div>
  ) : (
    <a class={`tile ${tone}`} href={href}>
      {inside}
    </a>
  );
};

/** Copies a text; browsers allow it only on a click. */
export const Copy = ({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) => (
  <button type="button" class="small" onClick={() => void navigator.clipboard?.writeText(text)}>
    {label}
  </button>
);

/** A command or a document to copy. */
export const Snippet = ({ text }: { readonly text: string }) => (
  <div class="snippet">
    <pre>{text}</pre>
    <Copy text={text} />
  </div>
);
