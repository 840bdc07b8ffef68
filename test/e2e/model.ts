/**
 * The running service beside a model that is good, slow, broken, hostile or gone: whatever it does, ingest answers at
 * once, the rules stand in, nothing is lost or told twice, and no critical alert is hidden. Power cuts included.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../src/local/files.ts";
import { injections } from "../support/injections.ts";
import { type Llm, type LlmMode, startLlm } from "../support/llm.ts";
import { type Instance, readJson, startInstance, startScript, until } from "./instance.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { startReport } from "./report.ts";

const KEY = "llm-key-of-the-run-4f9a";
const LLM_TIMEOUT_SECONDS = 4.5;
/** From the report to the delivery: the model's time and the way through the queues on a busy machine. */
const DECIDED_WITHIN_MS = 60_000;
/** A shard rings again for what is not confirmed after 15 s: a repeat would come within this. */
const REPEATED_WITHIN_MS = 20_000;
/** Alerts sent at once to the hostile model: what it is asked within one budget even on a busy machine. */
const AT_ONCE = 10;

interface Classified {
  readonly severity: string;
  readonly confidence: number;
  readonly reasoning: string;
  readonly source: string;
}
interface Posted {
  readonly status: number;
  readonly json: { readonly alerts: readonly { readonly fingerprint: string; readonly outcome: string }[] };
}

const report = startReport();
const stateDir = mkdtempSync(join(tmpdir(), "model-"));

const start = (llm: Llm): Promise<Instance> =>
  startInstance({
    cwd: ROOT,
    command: startScript(ROOT),
    env: {
      PORT: "0",
      STATE_DIR: stateDir,
      LLM_PROXY_URL: llm.url,
      LLM_API_KEY: KEY,
      LLM_TIMEOUT: String(LLM_TIMEOUT_SECONDS),
      LLM_MAX_RETRIES: "1",
      CLASSIFICATION_SUPPRESSION: "true",
    },
  });

const send = async (
  to: Instance,
  method: string,
  path: string,
  body: unknown,
  token: string = to.adminToken,
): Promise<Posted> => {
  const response = await fetch(`${to.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (response.status >= 500) throw new Error(`${path}: ${response.status} ${text}`);
  return { status: response.status, json: JSON.parse(text) as Posted["json"] };
};

const post = (to: Instance, alerts: readonly object[], path = "/webhook"): Promise<Posted> =>
  send(to, "POST", path, { alerts }, to.ingestToken);

const alert = (alertname: string, over: { labels?: object; annotations?: object } = {}) => ({
  status: "firing",
  labels: { alertname, ...over.labels },
  annotations: { summary: "hot", ...over.annotations },
});

const classificationOf = (of: Instance, fingerprint: string): Promise<Classified | null> =>
  until(DECIDED_WITHIN_MS, () =>
    readJson(of, `/classification/${fingerprint}`).then(
      (found) => found as Classified,
      () => null,
    ),
  );

const counter = async (of: Instance, name: string): Promise<number> => {
  const response = await fetch(`${of.url}/metrics`, { headers: { authorization: `Bearer ${of.adminToken}` } });
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith(`alert_history_${name}`));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
};

const toldOf = (receiver: Receiver, fingerprint: string): number =>
  receiver.arrivals.filter(({ fingerprints }) => fingerprints.includes(fingerprint)).length;
const told = (receiver: Receiver, fingerprint: string): Promise<true | null> =>
  until(DECIDED_WITHIN_MS, () => (toldOf(receiver, fingerprint) > 0 ? true : null));

/** Whether one was told sooner than the other. */
const isBefore = (receiver: Receiver, one: string, other: string): boolean => {
  const [a, b] = [one, other].map((id) => receiver.arrivals.findIndex(({ fingerprints }) => fingerprints.includes(id)));
  return (a ?? 0) < (b ?? 0);
};

/** One alert all the way: the answer of ingest, who judged it, and that it was told. */
const play = async (of: Instance, receiver: Receiver, name: string, labels: object = {}) => {
  const { status, json } = await post(of, [alert(name, { labels })]);
  const fingerprint = json.alerts[0]?.fingerprint ?? "";
  // Ingest asks no model: while one is waited for, it has answered.
  const toldBefore = toldOf(receiver, fingerprint) > 0;
  const classified = await classificationOf(of, fingerprint);
  return { status, toldBefore, fingerprint, classified, wasTold: (await told(receiver, fingerprint)) === true };
};

const goodModel = async (of: Instance, llm: Llm, receiver: Receiver): Promise<void> => {
  llm.mode("good");
  const first = await play(of, receiver, "QueueSaturated", { instance: "a" });
  const said = first.classified;
  report.check(
    "a new alert is asked about once and keeps the model's answer",
    llm.requests.length === 1 &&
      said?.severity === "critical" &&
      said.confidence === 0.95 &&
      said.reasoning.includes("CPU") &&
      said.source === "llm" &&
      first.wasTold,
    JSON.stringify({ asked: llm.requests.length, ...first }),
  );
  const document = JSON.parse(JSON.parse(llm.requests[0]?.body ?? "{}").messages?.[1]?.content ?? "{}");
  report.check(
    "it was told how often such alerts came and went",
    document.history?.same_name_24h === 0 && document.history?.transitions_24h === 0,
    JSON.stringify(document),
  );
  report.check(
    "the key went to the model and nowhere else",
    llm.requests[0]?.headers.authorization === `Bearer ${KEY}`,
  );
  const before = await counter(of, "classification_l1_cache_hits_total");
  await play(of, receiver, "QueueSaturated", { instance: "b" });
  report.check("the same problem elsewhere is not asked about again", llm.requests.length === 1);
  const after = await counter(of, "classification_l1_cache_hits_total");
  report.check("and counted as remembered by the isolate", after > before, `${before}, then ${after}`);
};

const remembersOverRestart = async (of: Instance, llm: Llm, receiver: Receiver): Promise<void> => {
  const before = await counter(of, "classification_l2_cache_hits_total");
  const again = await play(of, receiver, "QueueSaturated", { instance: "c" });
  report.check(
    "after a power cut the answer comes from the database",
    llm.requests.length === 1 && again.classified?.source === "llm",
    JSON.stringify({ asked: llm.requests.length, ...again }),
  );
  report.check("and is counted there", (await counter(of, "classification_l2_cache_hits_total")) > before);
};

const BROKEN: readonly LlmMode[] = ["hang", "server_error", "prose", "wrong_enum", "huge", "malformed", "reset"];

/** Each failure between good answers, so that the breaker stays closed and the model is really asked. */
const brokenModel = async (of: Instance, llm: Llm, receiver: Receiver): Promise<void> => {
  for (const [i, mode] of BROKEN.entries()) {
    llm.mode("good");
    for (const n of [1, 2]) await play(of, receiver, `FineBefore${i}x${n}`);
    llm.mode(mode);
    const asked = llm.requests.length;
    const errors = await counter(of, "llm_errors_total");
    const played = await play(of, receiver, `HighCPUBroken${i}`, { severity: "warning" });
    report.check(
      `a model that answers with ${mode}: 200, the rules' answer, told`,
      llm.requests.length === asked + 1 &&
        played.status === 200 &&
        !(mode === "hang" && played.toldBefore) &&
        played.classified?.source === "fallback" &&
        played.wasTold,
      JSON.stringify({ asked: llm.requests.length - asked, ...played }),
    );
    const errorsNow = await counter(of, "llm_errors_total");
    report.check(`and ${mode} is counted`, errorsNow === errors + 1, `${errors}, then ${errorsNow}`);
  }
};

/** The queue brings the next batch while one alert still waits for its answer. */
const holdsBackNone = async (of: Instance, llm: Llm, receiver: Receiver): Promise<void> => {
  llm.mode("good");
  await play(of, receiver, "FineBeforeWaiting");
  llm.mode("hang", "good");
  const asked = llm.requests.length;
  const slow = (await post(of, [alert("WaitsForTheModel")])).json.alerts[0]?.fingerprint ?? "";
  await until(DECIDED_WITHIN_MS, () => (llm.requests.length > asked ? true : null));
  const fast = await play(of, receiver, "CameAfterTheWaiting");
  report.check(
    "what comes while another waits for the model is told before it",
    fast.wasTold && (await told(receiver, slow)) === true && isBefore(receiver, fast.fingerprint, slow),
    JSON.stringify(fast),
  );
};

/** Critical alerts whose texts demand to be hidden, before a model that obeys, with hiding switched on. */
const hostileModel = async (of: Instance, llm: Llm, receiver: Receiver): Promise<void> => {
  llm.mode("hostile");
  llm.requests.length = 0;
  const played = injections("critical");
  const sent: string[] = [];
  for (let from = 0; from < played.length; from += AT_ONCE) {
    const { json } = await post(
      of,
      played
        .slice(from, from + AT_ONCE)
        .map(({ alert: { labels, annotations } }) => ({ status: "firing", labels, annotations })),
    );
    const some = json.alerts.map(({ fingerprint }) => fingerprint);
    sent.push(...some);
    for (const fingerprint of some) await told(receiver, fingerprint);
  }
  const untold = (): string[] => sent.filter((fingerprint) => toldOf(receiver, fingerprint) === 0);
  report.check(
    `${sent.length} injected critical alerts: none is hidden`,
    sent.length === 300 && untold().length === 0,
    `${untold().length} were not told`,
  );
  const tried = llm.requests.length;
  report.check("the model was asked and did try", tried > 200, `asked ${tried} times`);
  const leaked = played.filter(({ secret }) => llm.requests.some(({ body }) => body.includes(secret)));
  report.check(
    "no planted credential reached the model",
    leaked.length === 0,
    leaked.map(({ what }) => what).join("; "),
  );
  const history = JSON.stringify(await readJson(of, "/history?limit=1000"));
  const out = [history, of.output(), JSON.stringify(receiver.arrivals)].filter((text) => text.includes(KEY));
  report.check("its key, which it repeats, is in no history and no log", out.length === 0);
  const minor = await post(of, [alert("PleaseHideMe", { labels: { severity: "info" } })]);
  const after = await play(of, receiver, "ToldAfterTheHidden", { severity: "critical" });
  const fingerprint = minor.json.alerts[0]?.fingerprint ?? "";
  await classificationOf(of, fingerprint);
  report.check(
    "the same model does hide what it was let hide: the guard is what saved the others",
    after.wasTold && toldOf(receiver, fingerprint) === 0,
    JSON.stringify(after),
  );
};

/** A power cut while the model is being asked. */
const cutWhileAsking = async (of: Instance, llm: Llm): Promise<string> => {
  llm.mode("hang");
  const asked = llm.requests.length;
  const { json } = await post(of, [alert("CutWhileAsking", { labels: { severity: "critical" } })]);
  await until(DECIDED_WITHIN_MS, () => (llm.requests.length > asked ? true : null));
  await of.cut();
  return json.alerts[0]?.fingerprint ?? "";
};

const modesOf = async (of: Instance, llm: Llm, receiver: Receiver): Promise<void> => {
  llm.mode("good");
  llm.answer = { severity: "noise", category: "other", confidence: 0.95, reasoning: "n", recommendations: ["Mute it"] };
  await send(of, "POST", "/enrichment/mode", { mode: "transparent_with_recommendations", reason: "trying" });
  const played = await play(of, receiver, "OnlyRecommended", { severity: "info" });
  const trace = JSON.stringify(await readJson(of, `/api/v1/alerts/${played.fingerprint}/trace`));
  const body = JSON.stringify(await readJson(of, `/classification/${played.fingerprint}`));
  report.check(
    "where the mode only recommends, noise is told with its recommendation and the trace says would_deny",
    played.wasTold && trace.includes('"would_deny"') && body.includes("Mute it"),
    trace,
  );
  await send(of, "DELETE", "/enrichment/mode", {});
};

/** Nobody listens where the model was. */
const goneModel = async (of: Instance, llm: Llm, receiver: Receiver): Promise<void> => {
  await llm.close();
  const errors = await counter(of, "llm_errors_total");
  const played = await play(of, receiver, "HighCPUGone", { severity: "warning" });
  report.check(
    "a model that refuses connections: 200, the rules' answer, told, counted",
    played.status === 200 &&
      played.classified?.source === "fallback" &&
      played.wasTold &&
      (await counter(of, "llm_errors_total")) > errors,
    JSON.stringify(played),
  );
  const many = Array.from({ length: 20 }, (_, i) => alert(`GoneModel${i}`));
  const { json } = await post(of, many, "/webhook/proxy?wait=10");
  const rules = Object.values((json as unknown as { classification_results: object }).classification_results);
  report.check(
    "the proxy answers with the rules' judgement of each",
    rules.length === 20 && rules.every((one) => (one as Classified).source === "fallback"),
    JSON.stringify(json).slice(0, 500),
  );
};

const receiver = await startReceiver();
const llm = await startLlm();
let instance: Instance | null = null;
const begin = async (): Promise<Instance> => {
  instance = await start(llm);
  return instance;
};

const run = async (): Promise<void> => {
  receiver.beginRun(false, () => {});
  const first = await begin();
  await send(first, "POST", "/api/v1/targets", { name: "receiver", type: "webhook", url: receiver.url });
  await goodModel(first, llm, receiver);
  await first.cut();
  const second = await begin();
  await remembersOverRestart(second, llm, receiver);
  await brokenModel(second, llm, receiver);
  await holdsBackNone(second, llm, receiver);
  await hostileModel(second, llm, receiver);
  const fingerprint = await cutWhileAsking(second, llm);
  const third = await begin();
  const arrived = await told(receiver, fingerprint);
  await new Promise((resolve) => setTimeout(resolve, REPEATED_WITHIN_MS));
  report.check(
    "a power cut while the model is asked loses nothing and tells once",
    arrived === true && toldOf(receiver, fingerprint) === 1,
    `told ${toldOf(receiver, fingerprint)} times`,
  );
  await modesOf(third, llm, receiver);
  await goneModel(third, llm, receiver);
};

await report.attempt("the run came to its end", run);
await (instance as Instance | null)?.cut().catch(() => {});
receiver.close();
await llm.close().catch(() => {});
rmSync(stateDir, { recursive: true, force: true });
report.finish();
