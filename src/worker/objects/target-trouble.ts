/** Tells another target that this one refuses us, and later that it works again. */
import { troubleNotification, troubleSubject } from "../../core/publish/notice.ts";
import { publicUrl } from "../context.ts";
import { logWarn } from "../log.ts";
import { registry } from "../registry.ts";
import type { Entry } from "./target-store.ts";
import type { Shop } from "./target-work.ts";

/** The fallback of what was refused, else the enabled target that is served first. */
const tellerFor = async (shop: Shop, entry: Entry): Promise<string | null> => {
  const others = (await registry(shop.env).list())
    .filter(({ isWhole }) => isWhole)
    .map((registered) => registered.target)
    .filter((target) => target.enabled && target.name !== shop.name)
    .toSorted((a, b) => a.priority - b.priority);
  return (others.find((target) => target.name === entry.item.fallback) ?? others[0])?.name ?? null;
};

/** `error` says what is wrong; null: it works again. The notice is an alert like any other, with a row in D1. */
export const tellOfTrouble = async (shop: Shop, error: string | null, entry: Entry, now: number): Promise<void> => {
  const { state, name } = shop;
  const before = state.trouble;
  const teller = before?.teller ?? (await tellerFor(shop, entry));
  if (teller === null) logWarn("target.trouble", { target: name, told: null });
  const seq = state.notices + 1;
  const since = before?.since ?? now;
  state.trouble = error === null ? null : { since, error, teller: teller ?? "", seq };
  state.notices = seq;
  state.save(now);
  if (teller === null || teller === "") return;
  const notification = troubleNotification({
    target: name,
    teller,
    seq,
    status: error === null ? "resolved" : "firing",
    error: error ?? before?.error ?? "",
    since,
    now,
    publicUrl: publicUrl(shop.env),
  });
  shop.reporter.addExtra({ target: teller, item: { subject: troubleSubject(name), seq, at: now, notification } });
};
