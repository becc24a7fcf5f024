import { describe, expect, it } from "vitest";
import {
  mirrorRule,
  parseMirror,
  type MirrorRule,
} from "../../../src/intake/mirrors/mirror-rule.ts";
import { placesOf, registriesFor } from "../../../src/intake/mirrors/places.ts";
import { formatReference, parseReference } from "../../../src/oci/reference.ts";
import { refusal } from "../../refusal.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

function places(name: string, rules: readonly MirrorRule[]): string[] {
  return placesOf(parseReference(name), rules).map(({ reference }) => formatReference(reference));
}

/** `FROM → TO…`, with ` only` behind it. */
function rule(text: string): MirrorRule {
  const [from = "", rest = ""] = text.split(" → ");
  const to = rest.split(" ").filter((word) => word !== "only");
  return mirrorRule({ from, to, only: rest.endsWith(" only") });
}

const HUB = "docker.io/library/alpine:3.20";

describe("placesOf()", () => {
  it.each<[string, string[], string[]]>([
    [HUB, [], [HUB]],
    [HUB, ["quay.io → harbor.corp/quay"], [HUB]],
    [
      HUB,
      ["docker.io → harbor.corp/dockerhub"],
      ["harbor.corp/dockerhub/library/alpine:3.20", HUB],
    ],
    [HUB, ["registry-1.docker.io → m.corp:5000"], ["m.corp:5000/library/alpine:3.20", HUB]],
    [
      HUB,
      ["docker.io → a.corp b.corp only"],
      ["a.corp/library/alpine:3.20", "b.corp/library/alpine:3.20"],
    ],
    [
      HUB,
      ["docker.io → a.corp", "docker.io → b.corp"],
      ["a.corp/library/alpine:3.20", "b.corp/library/alpine:3.20", HUB],
    ],
    [HUB, ["docker.io → a.corp", "docker.io/library → b.corp/x"], ["b.corp/x/alpine:3.20", HUB]],
    [HUB, ["docker.io/lib → a.corp"], [HUB]],
    [HUB, ["docker.io/library/alpine → a.corp/os"], ["a.corp/os:3.20", HUB]],
    [
      `${HUB}@${DIGEST}`,
      ["docker.io → a.corp"],
      [`a.corp/library/alpine:3.20@${DIGEST}`, `${HUB}@${DIGEST}`],
    ],
    ["a.example.com/x:1", ["*.example.com → m.corp/all"], ["m.corp/all/x:1", "a.example.com/x:1"]],
    ["example.com/x:1", ["*.example.com → m.corp/all"], ["example.com/x:1"]],
    ["badexample.com/x:1", ["example.com → m.corp"], ["badexample.com/x:1"]],
    ["example.com:5000/x:1", ["example.com → m.corp"], ["example.com:5000/x:1"]],
    ["proxy.vendor/app/docker.io/library/alpine:3.20", ["proxy.vendor/app → inside only"], [HUB]],
    [
      "proxy.vendor/app/docker.io/library/alpine:3.20",
      ["proxy.vendor/app → inside", "docker.io → m.corp"],
      ["m.corp/library/alpine:3.20", HUB, "proxy.vendor/app/docker.io/library/alpine:3.20"],
    ],
    [HUB, ["docker.io → docker.io m.corp"], [HUB, "m.corp/library/alpine:3.20"]],
  ])("%s with %j is asked for at %j", (name, rules, expected) => {
    expect(places(name, rules.map(rule))).toEqual(expected);
  });

  it("ends where rules lead around in a circle", () => {
    const rules = [rule("a.corp/x → inside")];
    const name = `${"a.corp/x/".repeat(20)}docker.io/library/alpine:3.20`;
    expect(places(name, rules).length).toBeLessThan(10);
  });

  it("says that nothing stands behind a prefix that could be a name", async () => {
    const error = await refusal(() =>
      places("proxy.vendor/app/alpine:1", [rule("proxy.vendor/app → inside")]),
    );
    expect(error).toMatchObject({ code: "DRAY_MIRROR_INVALID", kind: "usage" });
  });
});

describe("registriesFor()", () => {
  it("names who will be asked, each once", () => {
    const rules = [rule("docker.io → m.corp only"), rule("quay.io → m.corp/quay")];
    const names = [HUB, "docker.io/a/b:1", "quay.io/c/d:1"].map(parseReference);
    expect(registriesFor(names, rules)).toEqual(["m.corp", "quay.io"]);
  });
});

describe("parseMirror()", () => {
  it.each([
    "docker.io",
    "docker.io=",
    "=m.corp",
    "library/alpine=m.corp",
    "docker.io=harbor/x",
    "docker.io=m.corp/UPPER",
    "docker.io=user:pw@m.corp",
  ])("refuses %j", async (text) => {
    const error = await refusal(() => parseMirror(text));
    expect(error).toMatchObject({ code: "DRAY_MIRROR_INVALID", kind: "usage" });
  });
});
