import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseChallenges } from "../../../src/remote/registry/challenge.ts";

function parsed(...headers: string[]): [string, Record<string, string>][] {
  return parseChallenges(headers).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

describe("parseChallenges()", () => {
  it("reads realm, service and a scope with commas inside quotes", () => {
    const header =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"';
    expect(parsed(header)).toEqual([
      [
        "bearer",
        {
          realm: "https://auth.docker.io/token",
          service: "registry.docker.io",
          scope: "repository:a/b:pull,push",
        },
      ],
    ]);
  });

  it("reads several challenges in one header", () => {
    expect(parsed('Basic realm="a", Bearer realm="b", service=c, Negotiate')).toEqual([
      ["basic", { realm: "a" }],
      ["bearer", { realm: "b", service: "c" }],
      ["negotiate", {}],
    ]);
  });

  it("reads parameters without quotes, escapes, odd spaces and odd case", () => {
    expect(parsed('BEARER   Realm = https://x.test/t , ERROR="a \\"quoted\\" word"')).toEqual([
      ["bearer", { realm: "https://x.test/t", error: 'a "quoted" word' }],
    ]);
  });

  it("reads several headers", () => {
    expect(parsed("Basic realm=a", "Bearer realm=b").map(([scheme]) => scheme)).toEqual([
      "basic",
      "bearer",
    ]);
  });

  it("keeps what it understood of a header that breaks off", () => {
    expect(parsed('Bearer realm="https://x.test/t",service="bro')[0]?.[1]).toMatchObject({
      realm: "https://x.test/t",
    });
  });

  it("ends on any header, however long", () => {
    const piece = fc.constantFrom("Bearer", "Basic", "realm", "=", '"', "\\", ",", " ", "a", "\t");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        expect(Array.isArray(parseChallenges([pieces.join("")]))).toBe(true);
      }),
    );
    const long = [`Bearer ${"a=".repeat(500_000)}`, `Bearer realm="${"\\".repeat(500_000)}`];
    expect(Array.isArray(parseChallenges(long))).toBe(true);
  });
});
