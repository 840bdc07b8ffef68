/** What a person has set for this browser; kept in its local storage, which may be missing. */
import { effect, type Signal, signal } from "@preact/signals";

const read = (name: string): string | null => {
  try {
    return localStorage.getItem(`alert-history.${name}`);
  } catch {
    // Storage is switched off: the default holds.
    return null;
  }
};

const write = (name: string, value: string): void => {
  try {
    localStorage.setItem(`alert-history.${name}`, value);
  } catch {
    // It holds for this page at least.
  }
};

const kept = <T extends string>(name: string, values: readonly [T, ...T[]]): Signal<T> => {
  const found = values.find((value) => value === read(name));
  const setting = signal<T>(found ?? values[0]);
  effect(() => write(name, setting.value));
  return setting;
};

/** A number somebody typed in; null: none. */
export const numberSetting = (name: string): Signal<number | null> => {
  const found = Number.parseFloat(read(name) ?? "");
  const setting = signal<number | null>(Number.isFinite(found) ? found : null);
  effect(() => write(name, setting.value === null ? "" : String(setting.value)));
  return setting;
};

export const zone = kept("zone", ["local", "utc"]);
export const theme = kept("theme", ["system", "light", "dark"]);
/** Single-letter keys disturb speech input, so they can be switched off (WCAG 2.1.4). */
export const letterKeys = kept("keys", ["on", "off"]);

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});
