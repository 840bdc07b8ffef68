import { describe, expect, test } from "vitest";
import { CPU, config, direct, grouped, line, scene } from "../../support/scenes.ts";
import { World, type WorldOptions } from "../../support/world.ts";

const inhibit = `inhibit_rules:\n  - source_matchers: ['severity="critical"']\n    target_matchers: ['severity="warning"']\n    equal: [cluster]\n`;
const critical = (cluster = "c1") => ({
  alertname: "Down",
  instance: `down-${cluster}`,
  severity: "critical",
  cluster,
});
const warning = (cluster = "c1") => ({ alertname: "Slow", instance: `slow-${cluster}`, severity: "warning", cluster });

describe("grouping", () => {
  test.each([
    scene("the first alert waits group_wait", grouped(""), (w) => w.fires("0s", CPU("a")).until("29s"), []),
    scene("and is told then", grouped(""), (w) => w.fires("0s", CPU("a")).until("30s"), [
      "30s slack firstNotification +[a] -[]",
    ]),
    scene(
      "what comes within group_wait goes out together",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).fires("20s", CPU("b")).until("1m"),
      ["30s slack firstNotification +[a b] -[]"],
    ),
    scene(
      "what comes later waits for group_interval",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).fires("31s", CPU("b")).until("6m"),
      ["30s slack firstNotification +[a] -[]", "330s slack newAlerts +[a b] -[]"],
    ),
    scene(
      "an alert that fires for longer than group_wait does not wait",
      grouped(""),
      (w) => w.fires("1m", CPU("a"), { started: 0 }).until("1m"),
      ["60s slack firstNotification +[a] -[]"],
    ),
    scene(
      "other group labels make another group",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).fires("0s", { alertname: "Disk", instance: "d" }).until("30s"),
      ["30s slack firstNotification +[a] -[]", "30s slack firstNotification +[d] -[]"],
    ),
    scene(
      "a repeat of an alert is no news",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).fires("1m", CPU("a")).until("1h"),
      ["30s slack firstNotification +[a] -[]"],
    ),
    scene(
      "one of two ends",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).fires("0s", CPU("b")).resolves("1m", CPU("b")).until("6m"),
      ["30s slack firstNotification +[a b] -[]", "330s slack someResolved +[a] -[b]"],
    ),
    scene("both end", grouped(""), (w) => w.fires("0s", CPU("a")).resolves("1m", CPU("a")).until("6m"), [
      "30s slack firstNotification +[a] -[]",
      "330s slack allResolved +[] -[a]",
    ]),
    scene(
      "an end within group_wait is told to nobody",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).resolves("20s", CPU("a")).until("1h"),
      [],
    ),
    scene(
      "an end is not told twice",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).resolves("1m", CPU("a")).resolves("7m", CPU("a")).until("2h"),
      ["30s slack firstNotification +[a] -[]", "330s slack allResolved +[] -[a]"],
    ),
    scene(
      "after the end a group begins anew",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).resolves("1m", CPU("a")).fires("10m", CPU("a")).until("11m"),
      [
        "30s slack firstNotification +[a] -[]",
        "330s slack allResolved +[] -[a]",
        "630s slack firstNotification +[a] -[]",
      ],
    ),
    scene(
      "end and return within one interval say nothing new",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).resolves("1m", CPU("a")).fires("2m", CPU("a")).until("1h"),
      ["30s slack firstNotification +[a] -[]"],
    ),
    scene(
      "end of one and return of it beside another",
      grouped(""),
      (w) =>
        w
          .fires("0s", CPU("a"))
          .fires("0s", CPU("b"))
          .resolves("1m", CPU("a"))
          .until("6m")
          .fires("7m", CPU("a"))
          .until("11m"),
      [
        "30s slack firstNotification +[a b] -[]",
        "330s slack someResolved +[b] -[a]",
        "630s slack newAlerts +[a b] -[]",
      ],
    ),
    scene(
      "an end of what never fired is told to nobody",
      grouped(""),
      (w) => w.resolves("0s", CPU("a")).until("1h"),
      [],
    ),
    scene(
      "without send_resolved an end is not told",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).resolves("1m", CPU("a")).until("1h"),
      ["30s slack firstNotification +[a] -[]"],
      { quiet: ["slack"] },
    ),
    scene(
      "group_by of nothing makes one group",
      grouped("  routes:\n    - matchers: ['alertname=~\".+\"']\n      group_by: []\n"),
      (w) => w.fires("0s", CPU("a")).fires("1s", { alertname: "Disk", instance: "d" }).until("30s"),
      ["30s slack firstNotification +[a d] -[]"],
    ),
    scene(
      "group_by of everything makes a group of each",
      grouped("  routes:\n    - matchers: ['alertname=~\".+\"']\n      group_by: ['...']\n"),
      (w) => w.fires("0s", CPU("a")).fires("1s", CPU("b")).until("40s"),
      ["30s slack firstNotification +[a] -[]", "31s slack firstNotification +[b] -[]"],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(play(new World(document, options)).heard.map(line)).toEqual(want);
  });
});

const every = (interval: string) =>
  config(
    `route:\n  receiver: team\n  group_by: [alertname]\n  repeat_interval: ${interval}\nreceivers:\n  - name: team\n    targets: [slack]\n`,
  );
/** Each alert by itself, and again after its own interval: how signs of life are sent on. */
const repeating = (every: string) =>
  config(
    `route:\n  receiver: team\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n  repeat_interval: ${every}\nreceivers:\n  - name: team\n    targets: [slack]\n`,
  );

describe("repeating", () => {
  const told = "30s slack firstNotification +[a] -[]";
  test.each([
    scene(
      "what still fires is repeated after repeat_interval",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).until("4h2m"),
      [told, "14430s slack repeatIntervalElapsed +[a] -[]"],
    ),
    scene("and again after the next", grouped(""), (w) => w.fires("0s", CPU("a")).until("8h2m"), [
      told,
      "14430s slack repeatIntervalElapsed +[a] -[]",
      "28830s slack repeatIntervalElapsed +[a] -[]",
    ]),
    scene("not a moment before", grouped(""), (w) => w.fires("0s", CPU("a")).until("4h"), [told]),
    scene(
      "news starts the interval again",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).fires("2h", CPU("b")).until("5h"),
      [told, "7230s slack newAlerts +[a b] -[]"],
    ),
    scene(
      "what has ended is not repeated",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).resolves("1h", CPU("a")).until("9h"),
      [told, "3630s slack allResolved +[] -[a]"],
    ),
    scene(
      "a route's own interval counts",
      grouped("  routes:\n    - matchers: ['alertname=\"HighCPU\"']\n      repeat_interval: 1h\n"),
      (w) => w.fires("0s", CPU("a")).until("61m"),
      [told, "3630s slack repeatIntervalElapsed +[a] -[]"],
    ),
    scene(
      "another configuration's interval holds for what is grouped already",
      every("8h"),
      (w) => w.fires("0s", CPU("a")).configure("1m", every("1h")).until("63m"),
      [told, "3630s slack repeatIntervalElapsed +[a] -[]"],
    ),
    scene(
      "without grouping too, where it is written down, and however short group_interval is",
      repeating("1m"),
      (w) => w.fires("0s", CPU("a")).resolves("150s", CPU("a")).until("9m"),
      [
        "0s slack firstNotification +[a] -[]",
        "60s slack repeatIntervalElapsed +[a] -[]",
        "120s slack repeatIntervalElapsed +[a] -[]",
        "150s slack allResolved +[] -[a]",
      ],
    ),
    scene(
      "a sign of life comes more often than idle groups look around",
      repeating("20s"),
      (w) => w.fires("0s", CPU("a")).until("1m"),
      [0, 20, 40, 60].map((at) => `${at}s slack ${at === 0 ? "firstNotification" : "repeatIntervalElapsed"} +[a] -[]`),
    ),
    scene(
      "a silence holds them back without a look every moment",
      repeating("20s"),
      (w) => w.fires("0s", CPU("a")).silence("s", 'instance="a"', "10s", "50s").until("79s"),
      ["0s slack firstNotification +[a] -[]"],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(play(new World(document, options)).heard.map(line)).toEqual(want);
  });
});

describe("silences", () => {
  const told = "30s slack firstNotification +[a] -[]";
  test.each([
    scene(
      "one from before keeps an alert quiet",
      grouped(""),
      (w) => w.silence("s", 'instance="a"', "0s", "1h").fires("1s", CPU("a")).until("50m"),
      [],
    ),
    scene(
      "one made during group_wait still wins",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).silence("s", 'instance="a"', "10s", "1h").until("50m"),
      [],
    ),
    scene(
      "when it ends, what still fires is told",
      grouped(""),
      (w) => w.silence("s", 'instance="a"', "0s", "1h").fires("0s", CPU("a")).until("70m"),
      ["3630s slack firstNotification +[a] -[]"],
    ),
    scene(
      "when it ends, what has ended is not",
      grouped(""),
      (w) => w.silence("s", 'instance="a"', "0s", "1h").fires("0s", CPU("a")).resolves("30m", CPU("a")).until("2h"),
      [],
    ),
    scene(
      "only what matches is quiet",
      grouped(""),
      (w) => w.silence("s", 'instance="b"', "0s", "1h").fires("0s", CPU("a")).fires("0s", CPU("b")).until("10m"),
      [told],
    ),
    scene(
      "when it ends, its alert joins the others",
      grouped(""),
      (w) => w.silence("s", 'instance="b"', "0s", "10m").fires("0s", CPU("a")).fires("0s", CPU("b")).until("16m"),
      [told, "630s slack newAlerts +[a b] -[]"],
    ),
    scene(
      "the end of what was told is told although it is silenced by now",
      grouped(""),
      (w) =>
        w
          .fires("0s", CPU("a"))
          .until("1m")
          .silence("s", 'instance="a"', "1m", "2h")
          .resolves("2m", CPU("a"))
          .until("10m"),
      [told, "330s slack allResolved +[] -[a]"],
    ),
    scene(
      "a silence on what was told stops the repeats",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).until("1m").silence("s", 'instance="a"', "1m", "9h").until("8h"),
      [told],
    ),
    scene(
      "one that has not begun keeps nothing quiet",
      grouped(""),
      (w) => w.silence("s", 'instance="a"', "1h", "2h").fires("0s", CPU("a")).until("10m"),
      [told],
    ),
    scene(
      "without grouping it keeps quiet at once",
      direct(),
      (w) => w.silence("s", 'instance="a"', "0s", "1h").fires("0s", CPU("a")).until("50m"),
      [],
    ),
    scene(
      "without grouping, what still fires is told within a minute of its end",
      direct(),
      (w) => w.silence("s", 'instance="a"', "0s", "10m").fires("0s", CPU("a")).until("12m"),
      ["600s slack firstNotification +[a] -[]"],
    ),
    scene(
      "and its end afterwards too",
      direct(),
      (w) => w.silence("s", 'instance="a"', "0s", "10m").fires("0s", CPU("a")).resolves("20m", CPU("a")).until("22m"),
      ["600s slack firstNotification +[a] -[]", "1200s slack allResolved +[] -[a]"],
    ),
    scene(
      "without grouping, an end during the silence is told to nobody",
      direct(),
      (w) => w.silence("s", 'instance="a"', "0s", "10m").fires("0s", CPU("a")).resolves("5m", CPU("a")).until("1h"),
      [],
    ),
    scene(
      "two silences: the later one keeps it quiet on",
      grouped(""),
      (w) =>
        w
          .silence("s", 'instance="a"', "0s", "1h")
          .silence("t", 'alertname="HighCPU"', "30m", "2h")
          .fires("0s", CPU("a"))
          .until("110m"),
      [],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(play(new World(document, options)).heard.map(line)).toEqual(want);
  });
});

describe("inhibition", () => {
  const rules = grouped("", inhibit);
  test.each([
    scene(
      "a source keeps its targets quiet",
      rules,
      (w) => w.fires("0s", critical()).fires("1s", warning()).until("10m"),
      ["30s slack firstNotification +[down-c1] -[]"],
    ),
    scene(
      "also one that comes during group_wait",
      rules,
      (w) => w.fires("0s", warning()).fires("10s", critical()).until("10m"),
      ["40s slack firstNotification +[down-c1] -[]"],
    ),
    scene(
      "a rule without target_matchers keeps all but its sources quiet",
      grouped("", "inhibit_rules:\n  - source_matchers: ['severity=\"critical\"']\n    equal: [cluster]\n"),
      (w) => w.fires("0s", critical()).fires("0s", warning()).fires("0s", warning("c2")).until("10m"),
      ["30s slack firstNotification +[down-c1] -[]", "30s slack firstNotification +[slow-c2] -[]"],
    ),
    scene(
      "one without source_matchers lets everything else hide its targets",
      grouped("", "inhibit_rules:\n  - target_matchers: ['severity=\"warning\"']\n    equal: [cluster]\n"),
      (w) =>
        w
          .fires("0s", CPU("a", { cluster: "c1" }))
          .fires("0s", warning())
          .fires("0s", warning("c2"))
          .until("10m"),
      ["30s slack firstNotification +[a] -[]", "30s slack firstNotification +[slow-c2] -[]"],
    ),
    scene(
      "in another cluster it does not",
      rules,
      (w) => w.fires("0s", critical("c2")).fires("0s", warning("c1")).until("10m"),
      ["30s slack firstNotification +[down-c2] -[]", "30s slack firstNotification +[slow-c1] -[]"],
    ),
    scene(
      "when the source ends, what still fires is told",
      rules,
      (w) => w.fires("0s", critical()).fires("0s", warning()).resolves("10m", critical()).until("16m"),
      [
        "30s slack firstNotification +[down-c1] -[]",
        "630s slack allResolved +[] -[down-c1]",
        "630s slack firstNotification +[slow-c1] -[]",
      ],
    ),
    scene(
      "a silenced source inhibits as well",
      rules,
      (w) =>
        w.silence("s", 'severity="critical"', "0s", "1h").fires("0s", critical()).fires("0s", warning()).until("50m"),
      [],
    ),
    scene(
      "without grouping it holds at once, and lets go",
      direct(inhibit),
      (w) => w.fires("0s", critical()).fires("1s", warning()).resolves("10m", critical()).until("12m"),
      [
        "0s slack firstNotification +[down-c1] -[]",
        "600s slack allResolved +[] -[down-c1]",
        "601s slack firstNotification +[slow-c1] -[]",
      ],
    ),
    scene(
      "what was told before the source came is not told again",
      rules,
      (w) => w.fires("0s", warning()).until("1m").fires("2m", critical()).until("10m"),
      ["30s slack firstNotification +[slow-c1] -[]", "150s slack firstNotification +[down-c1] -[]"],
    ),
    scene(
      "and its end is told although the source still fires",
      rules,
      (w) => w.fires("0s", warning()).until("1m").fires("2m", critical()).resolves("3m", warning()).until("6m"),
      [
        "30s slack firstNotification +[slow-c1] -[]",
        "150s slack firstNotification +[down-c1] -[]",
        "330s slack allResolved +[] -[slow-c1]",
      ],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(play(new World(document, options)).heard.map(line)).toEqual(want);
  });
});

describe("routes", () => {
  const routes = grouped(
    "  routes:\n    - matchers: ['severity=\"critical\"']\n      receiver: pager\n      group_wait: 0s\n      continue: true\n    - matchers: ['team=\"x\"']\n      group_by: [team]\n",
  );
  const both: WorldOptions = { targets: ["slack"], pagers: ["pagerduty"] };
  test.each([
    scene(
      "the root takes what no child takes",
      routes,
      (w) => w.fires("0s", CPU("a")).until("30s"),
      ["30s slack firstNotification +[a] -[]"],
      both,
    ),
    scene(
      "a child takes it from the root",
      routes,
      (w) => w.fires("0s", CPU("a", { severity: "critical" })).until("30s"),
      ["0s pagerduty firstNotification +[a] -[]"],
      both,
    ),
    scene(
      "continue lets the next sibling have it too",
      routes,
      (w) => w.fires("0s", CPU("a", { severity: "critical", team: "x" })).until("30s"),
      ["0s pagerduty firstNotification +[a] -[]", "30s slack firstNotification +[a] -[]"],
      both,
    ),
    scene(
      "a pager hears of each alert by itself, once",
      routes,
      (w) =>
        w
          .fires("0s", CPU("a", { severity: "critical" }))
          .fires("1m", CPU("b", { severity: "critical" }))
          .until("6m"),
      ["0s pagerduty firstNotification +[a] -[]", "300s pagerduty firstNotification +[b] -[]"],
      both,
    ),
    scene(
      "a pager is told again after repeat_interval: somebody may have closed what fires on",
      routes,
      (w) =>
        w
          .fires("0s", CPU("a", { severity: "critical" }))
          .fires("0s", CPU("b", { severity: "critical" }))
          .resolves("7h", CPU("b", { severity: "critical" }))
          .until("9h"),
      [
        "0s pagerduty firstNotification +[a] -[]",
        "300s pagerduty firstNotification +[b] -[]",
        "14700s pagerduty repeatIntervalElapsed +[a] -[]",
        "14700s pagerduty repeatIntervalElapsed +[b] -[]",
        "25500s pagerduty allResolved +[] -[b]",
      ],
      both,
    ),
    scene(
      "a pager hears of each end",
      routes,
      (w) =>
        w
          .fires("0s", CPU("a", { severity: "critical" }))
          .fires("0s", CPU("b", { severity: "critical" }))
          .resolves("1m", CPU("a", { severity: "critical" }))
          .until("6m"),
      [
        "0s pagerduty firstNotification +[a] -[]",
        "300s pagerduty firstNotification +[b] -[]",
        "300s pagerduty allResolved +[] -[a]",
      ],
      both,
    ),
    scene(
      "a group of a route's own labels",
      routes,
      (w) =>
        w
          .fires("0s", CPU("a", { team: "x" }))
          .fires("0s", { alertname: "Disk", instance: "d", team: "x" })
          .until("30s"),
      ["30s slack firstNotification +[a d] -[]"],
      both,
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(play(new World(document, options)).heard.map(line).toSorted()).toEqual(want.toSorted());
  });
});

describe("delays", () => {
  const LATER =
    "filters:\n  - { name: later, action: delay, delay_seconds: 300, conditions: { alert_name: HighCPU } }\n";
  test.each(
    [direct(LATER), grouped("", LATER)].flatMap((document, i) => {
      const how = i === 0 ? "alone" : "in a group";
      return [
        scene(`what is delayed is told when it is due, ${how}`, document, (w) => w.fires("0s", CPU("a")).until("20m"), [
          "300s slack firstNotification +[a] -[]",
        ]),
        scene(
          `what ended meanwhile is told to nobody, ${how}`,
          document,
          (w) => w.fires("0s", CPU("a")).resolves("4m", CPU("a")).until("1h"),
          [],
        ),
        scene(
          `it is asked again when it is due: a silence made meanwhile holds it, ${how}`,
          document,
          (w) => w.fires("0s", CPU("a")).silence("s", 'alertname="HighCPU"', "1m", "10h").until("1h"),
          [],
        ),
        scene(
          `the delay counts once for each episode, over a restart too, ${how}`,
          document,
          (w) =>
            w
              .fires("0s", CPU("a"))
              .restart()
              .resolves("10m", CPU("a"))
              .fires("20m", CPU("a"))
              .restart()
              .resolves("30m", CPU("a"))
              .until("40m"),
          [
            "300s slack firstNotification +[a] -[]",
            "600s slack allResolved +[] -[a]",
            "1500s slack firstNotification +[a] -[]",
            "1800s slack allResolved +[] -[a]",
          ],
        ),
      ];
    }),
  )("%s", (_, document, play, want, options) => {
    const heard = play(new World(document, options)).heard;
    // A group tells on its interval: the order and content are asked here, the moment of an end is not.
    const timeless = (text: string) => (text.includes("allResolved") ? text.replace(/^\d+s /, "") : text);
    expect(heard.map(line).map(timeless)).toEqual(want.map(timeless));
  });
});

describe("fallbacks", () => {
  const two: WorldOptions = { targets: ["slack", "spare"] };
  test.each(
    ["group_wait: 30s", "group_by: ['...']\n      group_wait: 0s"].flatMap((timing) => {
      const document = config(
        `route:\n  receiver: team\n  group_by: [alertname]\n  routes:\n    - matchers: ['alertname="HighCPU"']\n      fallback: spare\n      ${timing}\n      group_interval: 1m\nreceivers:\n  - name: team\n    targets: [slack]\n`,
      );
      const first = timing.includes("30s") ? 30 : 0;
      return [
        scene(
          `a route whose only target is switched off tells its fallback, and of the end too (${first} s)`,
          document,
          (w) => w.turn("0s", "slack", false).fires("0s", CPU("a")).resolves("10m", CPU("a")).until("20m"),
          [`${first}s spare firstNotification +[a] -[]`, "spare allResolved +[] -[a]"],
          two,
        ),
        scene(
          `one that is back tells what is new, and who stood in hears the end (${first} s)`,
          document,
          (w) =>
            w
              .turn("0s", "slack", false)
              .fires("0s", CPU("a"))
              .turn("5m", "slack", true)
              .fires("6m", CPU("b"))
              .resolves("10m", CPU("a"))
              .until("20m"),
          [
            `${first}s spare firstNotification +[a] -[]`,
            ...(first === 0
              ? ["360s slack firstNotification +[b] -[]"]
              : [
                  "330s slack firstNotification +[a] -[]",
                  "390s slack newAlerts +[a b] -[]",
                  "slack someResolved +[b] -[a]",
                ]),
            "spare allResolved +[] -[a]",
          ],
          two,
        ),
      ];
    }),
  )("%s", (_, document, play, want, options) => {
    const timeless = (text: string) => (text.includes("esolved ") ? text.replace(/^\d+s /, "") : text);
    expect(play(new World(document, options)).heard.map(line).map(timeless).toSorted()).toEqual(want.toSorted());
  });
});

describe("what an Alertmanager has grouped already", () => {
  test.each([
    scene("does not wait again", grouped(""), (w) => w.fires("0s", CPU("a"), { upstream: "{}:{x}" }).until("1s"), [
      "0s slack firstNotification +[a] -[]",
    ]),
    scene(
      "goes on as it comes",
      grouped(""),
      (w) =>
        w
          .fires("0s", CPU("a"), { upstream: "{}:{x}" })
          .until("1s")
          .fires("1m", CPU("b"), { upstream: "{}:{x}" })
          .until("2m"),
      ["0s slack firstNotification +[a] -[]", "60s slack newAlerts +[a b] -[]"],
    ),
    scene(
      "waits where the route says so",
      grouped("  routes:\n    - matchers: ['alertname=\"HighCPU\"']\n      regroup: true\n"),
      (w) => w.fires("0s", CPU("a"), { upstream: "{}:{x}" }).until("1m"),
      ["30s slack firstNotification +[a] -[]"],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(play(new World(document, options)).heard.map(line)).toEqual(want);
  });
});

describe("muted and active times", () => {
  // The world begins on a Monday at 10:00 UTC.
  const times = (key: string) =>
    grouped(
      `  routes:\n    - matchers: ['alertname="HighCPU"']\n      ${key}: [noon]\n`,
      "time_intervals:\n  - name: noon\n    time_intervals:\n      - times: [{ start_time: '10:00', end_time: '12:00' }]\n",
    );
  test.each([
    scene(
      "a muted time holds back and lets go",
      times("mute_time_intervals"),
      (w) => w.fires("0s", CPU("a")).until("2h10m"),
      ["7230s slack firstNotification +[a] -[]"],
    ),
    scene(
      "outside of it nothing is held back",
      times("mute_time_intervals"),
      (w) => w.fires("3h", CPU("a")).until("3h1m"),
      ["10830s slack firstNotification +[a] -[]"],
    ),
    scene("an active time lets through", times("active_time_intervals"), (w) => w.fires("0s", CPU("a")).until("1m"), [
      "30s slack firstNotification +[a] -[]",
    ]),
    scene(
      "outside of it everything is held back",
      times("active_time_intervals"),
      (w) => w.fires("3h", CPU("a")).until("10h"),
      [],
    ),
    scene(
      "what ended meanwhile is told to nobody",
      times("mute_time_intervals"),
      (w) => w.fires("0s", CPU("a")).resolves("1h", CPU("a")).until("3h"),
      [],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(play(new World(document, options)).heard.map(line)).toEqual(want);
  });
});

describe("restarts", () => {
  test.each([
    scene(
      "in group_wait lose nothing",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).until("10s").restart().fires("20s", CPU("b")).until("1m"),
      ["30s slack firstNotification +[a b] -[]"],
    ),
    scene(
      "after a notification repeat nothing",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).until("31s").restart().until("1h"),
      ["30s slack firstNotification +[a] -[]"],
    ),
    scene(
      "keep what the next flush has to tell",
      grouped(""),
      (w) => w.fires("0s", CPU("a")).until("31s").resolves("1m", CPU("a")).restart().until("6m"),
      ["30s slack firstNotification +[a] -[]", "330s slack allResolved +[] -[a]"],
    ),
    scene("keep the repeat interval", grouped(""), (w) => w.fires("0s", CPU("a")).until("2h").restart().until("4h2m"), [
      "30s slack firstNotification +[a] -[]",
      "14430s slack repeatIntervalElapsed +[a] -[]",
    ]),
  ])("%s", (_, document, play, want, options) => {
    expect(play(new World(document, options)).heard.map(line)).toEqual(want);
  });
});
