/** The row that the keyboard marks stays in sight. */
import { useLayoutEffect } from "preact/hooks";

/** `cursor` is the number of the row that has the class `cursor`; below zero none has. */
export const useCursorInSight = (cursor: number): void =>
  useLayoutEffect(() => {
    if (cursor >= 0) document.querySelector("tr.cursor")?.scrollIntoView({ block: "nearest" });
  }, [cursor]);
