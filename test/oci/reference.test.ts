import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DrayError } from "../../src/errors.ts";
import { formatReference, parseReference } from "../../src/oci/reference.ts";
import { outcome } from "../refusal.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("parseReference()", () => {
  it.each([
    ["alpine", "docker.io/library/alpine:latest"],
    ["alpine:3.20", "docker.io/library/alpine:3.20"],
    ["team/app", "docker.io/team/app:latest"],
    ["docker.io/alpine", "docker.io/library/alpine:latest"],
    ["index.docker.io/alpine:1", "docker.io/library/alpine:1"],
    ["index.docker.io/team/app:1", "docker.io/team/app:1"],
    ["ghcr.io/org/app:1.0", "ghcr.io/org/app:1.0"],
    ["ghcr.io/app", "ghcr.io/app:latest"],
    ["localhost/app", "localhost/app:latest"],
    ["localhost:5000/app", "localhost:5000/app:latest"],
    ["host:5000/a/b/c:t", "host:5000/a/b/c:t"],
    ["127.0.0.1:5000/app", "127.0.0.1:5000/app:latest"],
    ["[::1]:5000/app:1", "[::1]:5000/app:1"],
    ["[2001:db8::1]/app", "[2001:db8::1]/app:latest"],
    ["HOST/app", "HOST/app:latest"],
    ["Host/app:1", "Host/app:1"],
    ["a.b/c", "a.b/c:latest"],
    [`alpine@${DIGEST}`, `docker.io/library/alpine@${DIGEST}`],
    [`host:5000/a@${DIGEST}`, `host:5000/a@${DIGEST}`],
    [`alpine:3.20@${DIGEST}`, `docker.io/library/alpine:3.20@${DIGEST}`],
    ["a--b/c__d/e_f.g---h", "docker.io/a--b/c__d/e_f.g---h:latest"],
    ["app:_-.", "docker.io/library/app:_-."],
    [`app:${"a".repeat(128)}`, `docker.io/library/app:${"a".repeat(128)}`],
    ["app:5000", "docker.io/library/app:5000"],
  ])("reads %s as %s", (text, full) => {
    expect(formatReference(parseReference(text))).toBe(full);
  });

  it("gives no tag to what is pinned by digest", () => {
    expect(parseReference(`alpine@${DIGEST}`).tag).toBeUndefined();
  });

  it.each([
    ["nothing", ""],
    ["only a tag", ":1.0"],
    ["only a digest", `@${DIGEST}`],
    ["upper case in the path", "ghcr.io/Org/app"],
    ["upper case alone", "Alpine"],
    ["an image id", "0123456789abcdef".repeat(4)],
    ["an image id with a tag", `${"0123456789abcdef".repeat(4)}:1`],
    ["an empty tag", "alpine:"],
    ["an empty tag before a digest", `alpine:@${DIGEST}`],
    ["an empty digest", "alpine@"],
    ["a short digest", "alpine@sha256:abc"],
    ["two digests", `alpine@${DIGEST}@${DIGEST}`],
    ["a digest that nobody can verify", `alpine@md5:${"a".repeat(32)}`],
    ["a tag of 129 characters", `app:${"a".repeat(129)}`],
    ["a tag that begins with a dot", "app:.1"],
    ["a tag that begins with a dash", "app:-1"],
    ["a tag with a plus sign", "app:1.0+2"],
    ["a scheme", "https://ghcr.io/org/app"],
    ["another scheme", "docker://alpine"],
    ["a placeholder", "ghcr.io/<org>/app"],
    ["a blank", "alpine 3"],
    ["a blank before it", " alpine"],
    ["a line feed behind it", "alpine\n"],
    ["a slash before it", "/alpine"],
    ["a slash behind it", "ghcr.io/app/"],
    ["two slashes", "ghcr.io//app"],
    ["dots as a component", "ghcr.io/../app"],
    ["a dot at the end of a component", "ghcr.io/app./x"],
    ["three underscores", "a___b"],
    ["two dots", "a..b/c"],
    ["a dash at the start", "ghcr.io/-app"],
    ["a dash at the end of a host", "host-.io/app"],
    ["a port that is no number", "host:port/app"],
    ["a port of six digits", "host:500000/app"],
    ["no path behind a host with port", "host:5000/"],
    ["an unclosed address", "[::1/app"],
    ["an address without its own letters", "[::g]/app"],
    ["an underscore in a host", "my_host.io/app"],
    ["letters from elsewhere", "ghcr.io/аpp"],
    ["a backslash", "ghcr.io\\app"],
    ["a query", "ghcr.io/app?x=1"],
    ["a user", "user@ghcr.io/app"],
    ["a name of 256 characters", `ghcr.io/${"a".repeat(248)}`],
  ])("refuses %s", (_what, text) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: "DRAY_REFERENCE_INVALID", kind: "usage" }),
    );
  });

  it("takes a name of 255 characters", () => {
    expect(parseReference(`ghcr.io/${"a".repeat(247)}`).repository).toHaveLength(247);
  });

  it("says that a path must be lower case", () => {
    expect(() => parseReference("ghcr.io/Org/app")).toThrow(/lower case/);
  });

  it("does not search long nonsense again and again", () => {
    for (const piece of ["a", "a.", "a-", "-", "_", "/", ":", "a/", "[:"]) {
      expect(() => parseReference(`${piece.repeat(300_000)}!`)).toThrow(DrayError);
    }
  });

  it("throws nothing but DrayError", () => {
    const pieces = fc.constantFrom("a", "B", ".", "-", "_", "/", ":", "@", "[", "]", "5", DIGEST);
    const near = fc.array(pieces, { maxLength: 20 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), near), (text) => {
        expect(outcome(() => parseReference(text))).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe("formatReference()", () => {
  const component = fc.stringMatching(/^[a-z0-9]{1,8}([._]|__|-{1,3})?[a-z0-9]{1,8}$/);
  const host = fc.oneof(
    fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,8})?\.[a-z]{2,5}(:[0-9]{1,5})?$/),
    fc.constantFrom("localhost", "localhost:5000", "docker.io", "[::1]:5000", "[::1]", "HOST"),
  );
  const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);
  const digest = fc.stringMatching(/^sha256:[a-f0-9]{64}$/);
  const written = fc
    .tuple(
      fc.option(host, { nil: undefined }),
      fc.array(component, { minLength: 1, maxLength: 4 }),
      fc.record({ tag: fc.option(tag), digest: fc.option(digest) }),
    )
    .map(([first, path, end]) => {
      const name = [...(first === undefined ? [] : [first]), ...path].join("/");
      return `${name}${end.tag === null ? "" : `:${end.tag}`}${end.digest === null ? "" : `@${end.digest}`}`;
    });

  it("gives what parseReference() reads as the same reference", () => {
    fc.assert(
      fc.property(written, (text) => {
        const reference = parseReference(text);
        const formatted = formatReference(reference);
        expect(parseReference(formatted)).toEqual(reference);
        expect(formatReference(parseReference(formatted))).toBe(formatted);
      }),
    );
  });
});
