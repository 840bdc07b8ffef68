/** Fields of the silence form: the labels it goes by, and how long. */
import { EMPTY_ROW, OPERATORS, type Operator, operatorOf, type Row } from "./silence-draft.ts";
import { readDuration } from "./time.ts";

interface RowsProps {
  readonly of: readonly Row[];
  readonly onChange: (rows: readonly Row[]) => void;
}

export const Rows = ({ of, onChange }: RowsProps) => {
  const set = (index: number, change: Partial<Row>): void =>
    onChange(of.map((row, i) => (i === index ? { ...row, ...change } : row)));
  return (
    <fieldset class="silence-rows">
      <legend>Alerts whose labels are all like this</legend>
      {of.map((row, index) => (
        <div key={index} class="silence-row">
          <input
            type="checkbox"
            checked={row.on}
            aria-label={`Use ${row.name || "this label"}`}
            onChange={(event) => set(index, { on: event.currentTarget.checked })}
          />
          <input
            aria-label="Label"
            value={row.name}
            onInput={(event) => set(index, { name: event.currentTarget.value })}
          />
          <select
            aria-label="Operator"
            value={operatorOf(row)}
            onChange={(event) => {
              const [isRegex, isEqual] = OPERATORS[event.currentTarget.value as Operator];
              set(index, { isRegex, isEqual });
            }}
          >
            {Object.keys(OPERATORS).map((operator) => (
              <option key={operator}>{operator}</option>
            ))}
          </select>
          <input
            aria-label="Value"
            value={row.value}
            onInput={(event) => set(index, { value: event.currentTarget.value })}
          />
        </div>
      ))}
      <button type="button" class="small" onClick={() => onChange([...of, EMPTY_ROW])}>
        Add a label
      </button>
    </fieldset>
  );
};

interface LengthProps {
  readonly title: string;
  readonly quick: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export const Length = ({ title, quick, value, onChange }: LengthProps) => (
  <fieldset>
    <legend>{title}</legend>
    <div class="quick">
      {quick.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={value === one}
          class={value === one ? "primary" : ""}
          onClick={() => onChange(one)}
        >
          {one}
        </button>
      ))}
      <input aria-label={title} size={6} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
      {readDuration(value) === null && <span class="state bad">write 90m, 4h or 2d</span>}
    </div>
  </fieldset>
);
