import { describe, expect, it } from "vitest";
import {
  fileUrl,
  indexUrl,
  isSameRepository,
  parseRepositoryAddress,
  provenanceUrl,
} from "../../../src/remote/chart-repository/repository-address.ts";
import { refusal } from "../../refusal.ts";

const at = (text: string): URL => new URL(text);

describe("parseRepositoryAddress()", () => {
  it.each([
    ["https://charts.example", "https://charts.example/"],
    ["https://charts.example/stable?token=a", "https://charts.example/stable?token=a"],
    ["@stable", "@stable"],
    ["alias:stable", "@stable"],
  ])("takes %s", (text, address) => {
    expect(parseRepositoryAddress(text)).toBe(address);
  });

  it.each([
    ["another scheme", "ftp://charts.example"],
    ["no scheme", "charts.example/stable"],
    ["a placeholder", "https://<host>/stable"],
    ["where clouds keep credentials", "http://169.254.169.254/latest"],
    ["no host", "https://"],
    ["nothing", ""],
  ])("refuses %s", (_what, text) => {
    expect(() => parseRepositoryAddress(text)).toThrow(
      expect.objectContaining({ code: "DRAY_CHART_REPOSITORY_INVALID", kind: "usage" }),
    );
  });

  it("refuses a login in the address and does not repeat it", async () => {
    const found = await refusal(() => parseRepositoryAddress("https://ada:secret@charts.example/"));
    expect(found.message).toContain("there is a login in it");
    expect(found.message).not.toContain("secret");
  });
});

describe("fileUrl()", () => {
  it.each([
    ["https://a.example/charts", "web-1.tgz", "https://a.example/charts/web-1.tgz"],
    ["https://a.example/charts/", "../web-1.tgz", "https://a.example/web-1.tgz"],
    ["https://a.example/charts", "/web-1.tgz", "https://a.example/web-1.tgz"],
    ["https://a.example/charts?t=1", "web.tgz", "https://a.example/charts/web.tgz?t=1"],
    ["https://a.example/charts?t=1", "web.tgz?x=2", "https://a.example/charts/web.tgz?x=2"],
    [
      "https://a.example/?t=1",
      "https://b.example/w.tgz?y&z=%20",
      "https://b.example/w.tgz?y&z=%20",
    ],
    ["https://a.example/?t=1", "//b.example/w.tgz", "https://b.example/w.tgz"],
    ["http://a.example/", "http://b.example/w.tgz", "http://b.example/w.tgz"],
    ["https://a.example/", "http://a.example/w.tgz", "https://a.example/w.tgz"],
    ["https://a.example:8443/", "http://a.example/w.tgz", "https://a.example:8443/w.tgz"],
  ])("of %s, %s is %s", (repository, text, url) => {
    expect(fileUrl(text, at(repository)).href).toBe(url);
  });

  it.each([
    ["less encryption", "http://b.example/w.tgz"],
    ["another scheme", "file:///etc/passwd"],
    ["a login", "https://ada:secret@b.example/w.tgz"],
    ["where clouds keep credentials", "https://169.254.169.254/latest/meta-data"],
    ["no address", "https://"],
  ])("refuses %s", (_what, text) => {
    expect(() => fileUrl(text, at("https://a.example/"))).toThrow(
      expect.objectContaining({ code: "DRAY_CHART_REPOSITORY_INVALID", kind: "refused" }),
    );
  });
});

describe("addresses beside others", () => {
  it("keep their query", () => {
    expect(indexUrl(at("https://a.example/c?t=1")).href).toBe("https://a.example/c/index.yaml?t=1");
    expect(provenanceUrl(at("https://a.example/w.tgz?t=1")).href).toBe(
      "https://a.example/w.tgz.prov?t=1",
    );
  });

  it("are the same with and without a slash at the end, and no other way", () => {
    expect(isSameRepository(at("https://a.example/c"), at("https://a.example/c/"))).toBe(true);
    expect(isSameRepository(at("https://a.example/c"), at("http://a.example/c"))).toBe(false);
    expect(isSameRepository(at("https://a.example/c"), at("https://a.example/c?x"))).toBe(false);
  });
});
