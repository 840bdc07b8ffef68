import { expect, test } from "vitest";
import { duration } from "../../src/dashboard/duration.ts";
import { placeOf } from "../../src/dashboard/place.ts";

test.each([
  [{ cluster: "eu", namespace: "shop", service: "cart", instance: "cart-1" }, "eu · shop · cart-1"],
  [
    { cluster: "eu", namespace: "shop", service: "shop-api", instance: "10.0.0.3:9100" },
    "eu · shop · shop-api · 10.0.0.3:9100",
  ],
  [{ namespace: "checkout", service: "checkout-api", pod: "checkout-api-7d9" }, "checkout · checkout-api-7d9"],
  [{ namespace: "", job: "node", instance: "db-1:9100", pod: "exporter-x" }, "node · exporter-x"],
  [{ alertname: "A" }, ""],
])("the place of %j is %s", (labels, place) => {
  expect(placeOf(labels as Record<string, string>)).toBe(place);
});

test("what lies a little ahead of this clock is told as now, not as a length of its own", () => {
  expect(duration(-40)).toBe("0 s");
});
