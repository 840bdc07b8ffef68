import { describe, expect, test } from "vitest";
import { CPU, config, direct, grouped, line, type Play, scene } from "../../support/scenes.ts";
import { World } from "../../support/world.ts";

const heard = (document: ReturnType<typeof direct>, play: Play, options?: ConstructorParameters<typeof World>[1]) =>
  play(new World(document, options)).heard.map(line);

/** Fires and ends by turns, the first time at 0, a minute apart. */
const changes =
  (count: number, labels = CPU("a")): Play =>
  (w) => {
    for (let i = 0; i < count; i++) {
      if (i % 2 === 0) w.fires(`${i}m`, labels);
      else w.resolves(`${i}m`, labels);
    }
    return w;
  };

describe("flapping", () => {
  const block = "flapping: { transitions: 4, settle: 15m }\n";
  const before = [
    "0s slack firstNotification +[a] -[]",
    "60s slack allResolved +[] -[a]",
    "120s slack firstNotification +[a] -[]",
    "180s slack allResolved +[] -[a]",
  ];
  test.each([
    scene("without the block every change is told", direct(), changes(8), [
      ...before,
      "240s slack firstNotification +[a] -[]",
      "300s slack allResolved +[] -[a]",
      "360s slack firstNotification +[a] -[]",
      "420s slack allResolved +[] -[a]",
    ]),
    scene(
      "what flaps is told once, and when it has settled its end",
      direct(block),
      (w) => changes(20)(w).until("2h"),
      [...before, "240s slack startedFlapping +[a] -[]", "2040s slack allResolved +[] -[a]"],
    ),
    scene("or that it fires after all", direct(block), (w) => changes(7)(w).until("2h"), [
      ...before,
      "240s slack startedFlapping +[a] -[]",
      "1260s slack stoppedFlapping +[a] -[]",
    ]),
    scene("also when the change that made it flap was the last", direct(block), (w) => changes(5)(w).until("2h"), [
      ...before,
      "240s slack startedFlapping +[a] -[]",
      "1140s slack stoppedFlapping +[a] -[]",
    ]),
    scene(
      "what fires after it has settled ends as ever",
      direct(block),
      (w) => changes(7)(w).resolves("1h", CPU("a")).until("2h"),
      [
        ...before,
        "240s slack startedFlapping +[a] -[]",
        "1260s slack stoppedFlapping +[a] -[]",
        "3600s slack allResolved +[] -[a]",
      ],
    ),
    scene(
      "and begins as ever after it has settled and ended",
      direct(block),
      (w) => changes(6)(w).fires("1h", CPU("a")).until("2h"),
      [
        ...before,
        "240s slack startedFlapping +[a] -[]",
        "1200s slack allResolved +[] -[a]",
        "3600s slack firstNotification +[a] -[]",
      ],
    ),
    scene(
      "a restart keeps what it will settle in",
      direct(block),
      (w) => changes(8)(w).restart().until("10m").restart().until("2h"),
      [...before, "240s slack startedFlapping +[a] -[]", "1320s slack allResolved +[] -[a]"],
    ),
    scene(
      "a pager keeps its incident open until it has settled",
      config(
        `route:\n  receiver: team\n  group_by: ['...']\n  group_wait: 0s\nreceivers:\n  - name: team\n    targets: [pagerduty]\n${block}`,
      ),
      (w) => changes(8)(w).until("2h"),
      [
        "0s pagerduty firstNotification +[a] -[]",
        "60s pagerduty allResolved +[] -[a]",
        "120s pagerduty firstNotification +[a] -[]",
        "180s pagerduty allResolved +[] -[a]",
        "240s pagerduty startedFlapping +[a] -[]",
        "1320s pagerduty allResolved +[] -[a]",
      ],
      { targets: [], pagers: ["pagerduty"] },
    ),
    scene(
      "in a group it fires on, and the others are told as ever",
      grouped("", block),
      (w) =>
        changes(10)(w.fires("0s", CPU("b")))
          .resolves("12m", CPU("b"))
          .until("2h"),
      [
        "30s slack firstNotification +[a b] -[]",
        "330s slack startedFlapping +[a b] -[]",
        "930s slack someResolved +[a] -[b]",
        "1440s slack allResolved +[] -[a]",
      ],
    ),
    scene(
      "silenced while it flaps, it is told nothing but its end",
      direct(block),
      (w) => changes(6)(w.silence("s1", 'instance="a"', "30s", "2h")).until("3h"),
      ["0s slack firstNotification +[a] -[]", "60s slack allResolved +[] -[a]"],
    ),
    scene(
      "an end that flapping began to hold back under another configuration is told when it has settled",
      direct(),
      (w) => changes(5)(w).configure("4m30s", direct(block)).resolves("5m", CPU("a")).until("2h"),
      [
        ...before,
        "240s slack firstNotification +[a] -[]",
        "300s slack startedFlapping +[a] -[]",
        "1200s slack allResolved +[] -[a]",
      ],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(heard(document, play, options)).toEqual(want);
  });
});

describe("storms", () => {
  const block = "storm: { more_than: 3, within: 1m }\n";
  const many = (w: World, count: number, labels: Record<string, string> = {}): World => {
    for (let i = 1; i <= count; i++) w.fires(`${i}s`, CPU(`i${i}`, labels));
    return w;
  };
  const alone = (count: number) =>
    Array.from({ length: count }, (_, i) => `${i + 1}s slack firstNotification +[i${i + 1}] -[]`);
  test.each([
    scene("without the block each is told by itself", direct(), (w) => many(w, 6).until("1h"), alone(6)),
    scene("three are none", direct(block), (w) => many(w, 3).until("1h"), alone(3)),
    scene("those beyond the threshold are told as one", direct(block), (w) => many(w, 7).until("10m"), [
      ...alone(3),
      "19s slack firstNotification +[i4 i5 i6 i7] -[]",
    ]),
    scene(
      "ends are told where the beginning was",
      direct(block),
      (w) => many(w, 6).resolves("2m", CPU("i1")).resolves("3m", CPU("i4")).until("5m"),
      [
        ...alone(3),
        "19s slack firstNotification +[i4 i5 i6] -[]",
        "120s slack allResolved +[] -[i1]",
        "259s slack someResolved +[i5 i6] -[i4]",
      ],
    ),
    scene(
      "and the last one ends the storm",
      direct(block),
      (w) => many(w, 5).resolves("2m", CPU("i4")).resolves("3m", CPU("i5")).until("1h"),
      [...alone(3), "19s slack firstNotification +[i4 i5] -[]", "259s slack allResolved +[] -[i4 i5]"],
    ),
    scene(
      "a critical is never taken",
      direct(block),
      (w) =>
        many(w, 5)
          .fires("6s", CPU("down", { severity: "critical" }))
          .until("10m"),
      [...alone(3), "6s slack firstNotification +[down] -[]", "19s slack firstNotification +[i4 i5] -[]"],
    ),
    scene(
      "when it is over alerts are told by themselves again",
      direct(block),
      (w) => many(w, 5).fires("5m", CPU("later")).until("6m"),
      [...alone(3), "19s slack firstNotification +[i4 i5] -[]", "300s slack firstNotification +[later] -[]"],
    ),
    scene(
      "a restart in the middle loses and repeats nothing",
      direct(block),
      (w) => many(w, 5).restart().fires("6s", CPU("i6")).until("20s").restart().resolves("1m", CPU("i6")).until("3m"),
      [...alone(3), "19s slack firstNotification +[i4 i5 i6] -[]", "139s slack someResolved +[i4 i5] -[i6]"],
    ),
    scene(
      "what is silenced makes no noise and does not count",
      direct(block),
      (w) =>
        many(w.silence("s1", 'team="quiet"', "0s", "2h"), 6, { team: "quiet" })
          .fires("7s", CPU("x"))
          .until("8s"),
      ["7s slack firstNotification +[x] -[]"],
    ),
    scene(
      "groups join it as well",
      config(
        `route:\n  receiver: team\n  group_by: [instance]\n  group_wait: 30s\nreceivers:\n  - name: team\n    targets: [slack]\n${block}`,
      ),
      (w) => many(w, 6).until("1m"),
      [
        "19s slack firstNotification +[i4 i5 i6] -[]",
        "31s slack firstNotification +[i1] -[]",
        "32s slack firstNotification +[i2] -[]",
        "33s slack firstNotification +[i3] -[]",
      ],
    ),
    scene(
      "a pager gets one incident for it",
      config(
        `route:\n  receiver: team\n  group_by: ['...']\n  group_wait: 0s\nreceivers:\n  - name: team\n    targets: [pagerduty]\n${block}`,
      ),
      (w) => many(w, 5).until("1m"),
      [...alone(3).map((text) => text.replace("slack", "pagerduty")), "19s pagerduty firstNotification +[i4 i5] -[]"],
      { targets: [], pagers: ["pagerduty"] },
    ),
    scene(
      "another configuration tells nobody alone of what it took",
      direct(block),
      (w) => many(w, 5).configure("6s", direct(block)).follow("7s").until("1m"),
      [...alone(3), "19s slack firstNotification +[i4 i5] -[]"],
    ),
    scene(
      "its ends come also when the block is taken away",
      direct(block),
      (w) => many(w, 5).configure("1m", direct()).resolves("2m", CPU("i4")).resolves("2m", CPU("i5")).until("1h"),
      [...alone(3), "19s slack firstNotification +[i4 i5] -[]", "259s slack allResolved +[] -[i4 i5]"],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(heard(document, play, options)).toEqual(want);
  });
});

describe("what is held back without a group", () => {
  test.each([
    scene(
      "is told after each silence, however close the next one follows",
      direct(),
      (w) =>
        w
          .silence("s1", 'instance="a"', "0s", "2m")
          .silence("s2", 'instance="a"', "150s", "10m")
          .fires("10s", CPU("a"))
          .resolves("140s", CPU("a"))
          .fires("155s", CPU("a"))
          .until("1h"),
      [
        "130s slack firstNotification +[a] -[]",
        "140s slack allResolved +[] -[a]",
        "635s slack firstNotification +[a] -[]",
      ],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(heard(document, play, options)).toEqual(want);
  });
});

describe("another configuration while an alert fires", () => {
  const route = (receiver: string, group_by: string) =>
    config(
      `route:\n  receiver: ${receiver}\n  group_by: [${group_by}]\n  group_wait: 30s\n  group_interval: 5m\nreceivers:\n  - name: a\n    targets: [slack]\n  - name: b\n    targets: [other]\n`,
    );
  const targets = ["slack", "other"];
  const quiet = "      mute_time_intervals: [always]\n";
  const tree = (before: string, rest: string) =>
    config(
      `route:\n  receiver: b\n  group_by: [alertname]\n  group_wait: 30s\n  routes:\n${before}    - receiver: a\n      matchers: [alertname=HighCPU]\n${rest}receivers:\n  - name: a\n    targets: [slack]\n  - name: b\n    targets: [other]\ntime_intervals:\n  - name: always\n    time_intervals: [{ times: [{ start_time: '00:00', end_time: '24:00' }] }]\n`,
    );
  const both = config(
    "route:\n  receiver: a\n  group_by: [alertname]\n  group_wait: 30s\n  group_interval: 5m\nreceivers:\n  - name: a\n    targets: [slack, other]\n",
  );
  const directBoth = config(
    "route:\n  receiver: team\n  group_by: ['...']\n  group_wait: 0s\nreceivers:\n  - name: team\n    targets: [slack, other]\n",
  );
  test.each([
    scene(
      "its end reaches the group that told of it, which is no longer where it leads",
      route("a", "alertname"),
      (w) => w.fires("0s", CPU("a")).configure("1m", route("b", "alertname")).resolves("2m", CPU("a")).until("1h"),
      ["30s slack firstNotification +[a] -[]", "330s slack allResolved +[] -[a]"],
      { targets },
    ),
    scene(
      "and that of a group by other labels",
      route("a", "alertname"),
      (w) => w.fires("0s", CPU("a")).configure("1m", route("a", "instance")).resolves("2m", CPU("a")).until("1h"),
      ["30s slack firstNotification +[a] -[]", "330s slack allResolved +[] -[a]"],
      { targets },
    ),
    scene(
      "whom it leads to now hears of it at once, whom it led to only of its end",
      route("a", "alertname"),
      (w) =>
        w
          .fires("0s", CPU("a"))
          .configure("1m", route("b", "alertname"))
          .follow("2m")
          .follow("3m")
          .resolves("5h", CPU("a"))
          .until("6h"),
      [
        "30s slack firstNotification +[a] -[]",
        "120s other firstNotification +[a] -[]",
        "14520s other repeatIntervalElapsed +[a] -[]",
        "18030s slack allResolved +[] -[a]",
        "18120s other allResolved +[] -[a]",
      ],
      { targets },
    ),
    scene(
      "a group that waits is kept quiet by the times of its route, which stands elsewhere by now",
      tree("", ""),
      (w) =>
        w
          .fires("0s", CPU("a"))
          .configure("10s", tree("    - receiver: b\n      matchers: [team=x]\n", quiet))
          .until("1h"),
      [],
      { targets },
    ),
    scene(
      "nobody hears again because alerts are grouped by other labels",
      route("a", "alertname"),
      (w) =>
        w
          .fires("0s", CPU("a"))
          .configure("1m", route("a", "instance"))
          .follow("2m")
          .resolves("5h", CPU("a"))
          .until("6h"),
      [
        "30s slack firstNotification +[a] -[]",
        "14430s slack repeatIntervalElapsed +[a] -[]",
        "18030s slack allResolved +[] -[a]",
      ],
      { targets },
    ),
    scene(
      "another target of its receiver hears of it at the next flush",
      route("a", "alertname"),
      (w) => w.fires("0s", CPU("a")).configure("1m", both).follow("2m").resolves("10m", CPU("a")).until("1h"),
      [
        "30s slack firstNotification +[a] -[]",
        "330s other firstNotification +[a] -[]",
        "630s slack allResolved +[] -[a]",
        "630s other allResolved +[] -[a]",
      ],
      { targets },
    ),
    scene(
      "without groups it hears of it at once",
      direct(),
      (w) =>
        w
          .fires("0s", CPU("a"))
          .configure("1m", directBoth)
          .follow("2m")
          .follow("3m")
          .resolves("10m", CPU("a"))
          .until("1h"),
      [
        "0s slack firstNotification +[a] -[]",
        "120s other firstNotification +[a] -[]",
        "600s slack allResolved +[] -[a]",
        "600s other allResolved +[] -[a]",
      ],
      { targets },
    ),
    scene(
      "an end of what was told at once comes through the group that has it now",
      direct(),
      (w) => w.fires("0s", CPU("a")).configure("1m", grouped("")).resolves("2m", CPU("a")).until("1h"),
      ["0s slack firstNotification +[a] -[]", "120s slack allResolved +[] -[a]"],
    ),
  ])("%s", (_, document, play, want, options) => {
    expect(heard(document, play, options)).toEqual(want);
  });
});
