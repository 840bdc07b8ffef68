import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/core/route/config.ts";
import { chooseTargets } from "../../../src/core/route/target-choice.ts";
import { World } from "../../support/world.ts";

const KNOWN = ["pay", "payments-chat", "payments-pager", "search-pager", "x-payments-pager"];

describe("a target chosen when it is asked for", () => {
  test.each<[sentence: string, entry: string, labels: Record<string, string>, want: string[]]>([
    ["a star stands for any part of a name", "payments-*", {}, ["payments-chat", "payments-pager"]],
    ["also in front", "*-pager", {}, ["payments-pager", "search-pager", "x-payments-pager"]],
    ["and twice", "*pay*-p*", {}, ["payments-pager", "x-payments-pager"]],
    ["a star may stand for nothing", "pay*", {}, ["pay", "payments-chat", "payments-pager"]],
    ["the whole name counts", "payments", {}, []],
    ["a label names it", "{team}-pager", { team: "search" }, ["search-pager"]],
    ["whatever its case", "{team}-pager", { team: " Search " }, ["search-pager"]],
    ["a label and a star", "{team}-*", { team: "payments" }, ["payments-chat", "payments-pager"]],
    ["two labels", "{team}-{kind}", { team: "payments", kind: "chat" }, ["payments-chat"]],
    ["without the label nobody is meant", "{team}-pager", {}, []],
    ["a label is no pattern", "{team}-pager", { team: "*" }, []],
    ["nor brings others in with it", "{team}*", { team: "{x}" }, []],
    ["nor an empty name", "{team}*", { team: "" }, []],
  ])("%s", (_, entry, labels, want) => {
    expect(chooseTargets(entry, labels, KNOWN)).toEqual(want);
  });

  test("matches what the regular expression of the same meaning does", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 8 });
    const pattern = fc.array(fc.oneof(text, fc.constant("*")), { maxLength: 5 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, fc.array(text, { maxLength: 6 }), (entry, names) => {
        const plain = new RegExp(`^${entry.replaceAll("*", ".*")}$`);
        expect(chooseTargets(entry, {}, names)).toEqual(names.filter((name) => plain.test(name)));
      }),
      { numRuns: 2_000 },
    );
  });

  test("a pattern that can mean no name is a defect with its place", () => {
    const read = readConfig(`
route: { receiver: team }
receivers:
  - name: team
    targets: ['{}-pager', 'Pay_*', ok-*]
`);
    expect(read.ok ? [] : read.error.map(({ path, line, message }) => [path, line, message])).toEqual([
      ["/receivers/0/targets/0", 5, "names no label between { and }"],
      ["/receivers/0/targets/1", 5, "may hold a-z, 0-9, -, * and {label} only"],
    ]);
  });
});

describe("alerts whose labels choose different targets share no group", () => {
  const document = readConfig(`
route: { receiver: team, group_by: [alertname], group_wait: 30s, fallback: everyone }
receivers:
  - name: team
    targets: ['{team}-pager']
`);
  if (!document.ok) throw new Error(JSON.stringify(document.error));
  const world = () => new World(document.value.config, { targets: ["pay-pager", "search-pager", "everyone"] });
  const alert = (instance: string, team: string) => ({ alertname: "Down", instance, team });
  const lines = (played: World) => played.heard.map(({ target, firing }) => `${target} ${firing.join(" ")}`).toSorted();

  test("nor does one that an Alertmanager made of them", () => {
    for (const upstream of [undefined, "{}:{up}"]) {
      const over = upstream === undefined ? {} : { upstream };
      const played = world()
        .fires("0s", alert("a", "pay"), over)
        .fires("1s", alert("b", "search"), over)
        .fires("2s", alert("c", "search"), over)
        .until("10m");
      const last = new Map(played.heard.map(({ target, firing }) => [target, firing.join(" ")]));
      expect([...last].toSorted()).toEqual([
        ["pay-pager", "a"],
        ["search-pager", "b c"],
      ]);
    }
  });

  test("and one whose label names no target goes to the fallback", () => {
    expect(lines(world().fires("0s", alert("a", "unknown")).until("1m"))).toEqual(["everyone a"]);
  });
});
