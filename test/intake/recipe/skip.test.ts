import { describe, expect, it } from "vitest";
import { parseSkip, skipOf } from "../../../src/intake/recipe/skip.ts";
import { parseReference } from "../../../src/oci/reference.ts";
import { refusal } from "../../refusal.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

function takes(pattern: string, image: string): boolean {
  return skipOf([parseSkip(`${pattern}=because`)], parseReference(image)) !== undefined;
}

describe("a skip", () => {
  it.each([
    ["busybox", "docker.io/library/busybox:1"],
    ["acme/web", `acme/web@${DIGEST}`],
    ["acme/web:1", "docker.io/acme/web:1"],
    ["acme/web:1.*", "acme/web:1.2"],
    ["ghcr.io/acme/*", "ghcr.io/acme/a/b:1"],
    ["acme/*-windows", "acme/app-windows:1"],
    ["*/windows", "quay.io/x/windows:1"],
    [`acme/web@${DIGEST}`, `acme/web:7@${DIGEST}`],
    ["docker://r.example:5000/a", "r.example:5000/a:1"],
  ])("of %s takes %s", (pattern, image) => {
    expect(takes(pattern, image)).toBe(true);
  });

  it.each([
    ["acme/web:1", "acme/web:1.2"],
    ["acme/web", "acme/website:1"],
    ["acme/web", "quay.io/acme/web:1"],
    ["acme/*", "quay.io/acme/web:1"],
    ["a.b/c", "axb/c:1"],
    [`acme/web@${DIGEST}`, "acme/web:7"],
  ])("of %s leaves %s", (pattern, image) => {
    expect(takes(pattern, image)).toBe(false);
  });

  it("keeps everything behind its first equals sign as the reason", () => {
    expect(parseSkip("acme/web= a=b, see #3 ")).toEqual({
      image: "acme/web",
      reason: "a=b, see #3",
    });
  });

  it("of a group and a kind is for custom resources", () => {
    expect(parseSkip("db.example.org/Database=ours")).toEqual({
      kind: "db.example.org/Database",
      reason: "ours",
    });
  });

  it.each(["acme/web", "acme/web=", "=why", "Acme/WEB:1=why", "a:b c=why", "acme/x:t@y=why"])(
    "%s is refused",
    async (text) => {
      expect((await refusal(() => parseSkip(text))).code).toBe("DRAY_SKIP_INVALID");
    },
  );
});
