/** The field and the chips of a filter. What is typed is added on Enter; a chip that cannot be read says why. */
import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import { addToFilter, FIELD_NAMES, matcherText, readChip, readFilter, splitFilter } from "./filter.ts";
import { useKeys } from "./keys.ts";

interface FilterBarProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Labels of what is shown: names and values to choose from. */
  readonly known: ReadonlyMap<string, ReadonlySet<string>>;
}

/** More would make the browser's own list slow. */
const MAX_OFFERED = 60;

const offers = (typed: string, known: FilterBarProps["known"]): string[] => {
  const [, name, operator] = /^\s*"?([^"=!~<>]+)"?\s*(=~|!~|!=|=)/.exec(typed) ?? [];
  const values = name === undefined ? undefined : known.get(name);
  if (name !== undefined && values !== undefined) {
    const textOf = (value: string): string =>
      name.startsWith("@") ? `${name}${operator}"${value}"` : matcherText(name, operator as "=", value);
    return [...values].slice(0, MAX_OFFERED).map(textOf);
  }
  const labels = [...known.keys()].filter((label) => !label.startsWith("@")).toSorted();
  return [...labels.map((label) => `${label}=`), ...FIELD_NAMES].slice(0, MAX_OFFERED);
};

export const FilterBar = ({ value, onChange, known }: FilterBarProps) => {
  const typed = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useKeys({ "/": () => field.current?.focus() });
  const chips = readFilter(value);
  const wrong = chips.find((chip) => chip.problem !== null);
  const current = typed.value.trim() === "" ? null : readChip(typed.value.trim());
  const remove = (index: number): void =>
    onChange(
      splitFilter(value)
        .filter((_, i) => i !== index)
        .join(", "),
    );
  const add = (event: Event): void => {
    event.preventDefault();
    if (current === null) return;
    onChange(splitFilter(typed.value).reduce(addToFilter, value));
    typed.value = "";
  };
  return (
    <form class="filter" onSubmit={add}>
      <div class="chips">
        {chips.map((chip, index) => (
          <span key={chip.text} class={`chip ${chip.problem === null ? "" : "bad"}`} title={chip.problem ?? undefined}>
            {chip.problem !== null && <span aria-hidden="true">⚠ </span>}
            {chip.text}
            <button type="button" aria-label={`Remove ${chip.text}`} onClick={() => remove(index)}>
              ✕
            </button>
          </span>
        ))}
        <input
          ref={field}
          type="search"
          list={id}
          aria-label="Filter"
          placeholder={'severity="critical", @age<2h …'}
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
          aria-describedby={current?.problem == null ? undefined : `${id}-hint`}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
            if (event.key === "Backspace" && typed.value === "" && chips.length > 0) remove(chips.length - 1);
          }}
        />
        <datalist id={id}>
          {offers(typed.value, known).map((offer) => (
            <option key={offer} value={offer} />
          ))}
        </datalist>
        <button type="submit">Add</button>
      </div>
      {current !== null && current.problem !== null && (
        <p class="hint dim" id={`${id}-hint`}>
          {current.problem}
        </p>
      )}
      {wrong !== undefined && (
        <p class="notice bad" role="alert">
          <code>{wrong.text}</code> is left out: {wrong.problem}
          {wrong.column === null ? "" : ` (at character ${wrong.column})`}.
        </p>
      )}
    </form>
  );
};
