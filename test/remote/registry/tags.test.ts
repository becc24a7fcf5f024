import { describe, expect, it } from "vitest";
import { listTags } from "../../../src/remote/registry/tags.ts";
import { fill, oneLayerImage, repositoryOf, startHost, startRegistry } from "./lab.ts";

/** A registry whose list of tags is what `pages` says of each query. */
async function listOf(
  pages: (query: string) => { tags: unknown; link?: string },
  bracketed = (link: string): string => `<${link}>`,
): Promise<string[]> {
  const host = await startHost((request, response) => {
    const { pathname, search } = new URL(request.url ?? "", "http://host");
    if (pathname === "/v2/") {
      response.end();
      return;
    }
    const { tags, link } = pages(search);
    if (link !== undefined) response.setHeader("Link", `${bracketed(link)}; rel="next"`);
    response.end(JSON.stringify({ name: "team/app", tags }));
  });
  return listTags(repositoryOf(host), undefined);
}

/** A page of tags: two of them are more than a repository may have. */
const MANY = Array.from({ length: 60_000 }, (_tag, index) => `v${index}`);

describe("listTags()", () => {
  it("names every tag of a repository", async () => {
    const registry = await startRegistry();
    for (const tag of ["1.0", "2.0", "latest"]) {
      await fill(registry, oneLayerImage(tag), `team/app:${tag}`);
    }
    const tags = await listTags(repositoryOf(registry), undefined);
    expect(tags.toSorted()).toEqual(["1.0", "2.0", "latest"]);
  });

  it("follows pages by their query alone, wherever the link leads", async () => {
    const seen: string[] = [];
    const tags = await listOf((query) => {
      seen.push(query);
      if (query === "") return { tags: ["a"], link: "http://elsewhere.invalid/v2/x?last=a&n=1" };
      return { tags: ["b"] };
    });
    expect(tags).toEqual(["a", "b"]);
    expect(seen).toEqual(["", "?last=a&n=1"]);
  });

  it("follows a link without brackets", async () => {
    const listing = listOf(
      (query) =>
        query === "" ? { tags: ["a"], link: "/v2/team/app/tags/list?last=a" } : { tags: ["b"] },
      (link) => link,
    );
    expect(await listing).toEqual(["a", "b"]);
  });

  it("ends where the pages go round, and names each tag once", async () => {
    expect(await listOf(() => ({ tags: ["a", "a"], link: "?last=a" }))).toEqual(["a"]);
  });

  it("takes a repository without tags for empty", async () => {
    expect(await listOf(() => ({ tags: null }))).toEqual([]);
  });

  it.each([
    ["empty pages", () => ({ tags: [] }), 22],
    ["pages that repeat one", () => ({ tags: MANY }), 22],
    ["pages of one tag", (page: number) => ({ tags: [`v${page}`] }), 2001],
  ])("is refused at an endless row of %s", async (_what, pageOf, most) => {
    let pages = 0;
    const listing = listOf(() => ({ ...pageOf(++pages), link: `?last=${pages}` }));
    await expect(listing).rejects.toMatchObject({
      code: "DRAY_REGISTRY_ANSWER_TOO_LARGE",
      message: expect.stringMatching(/expected at most \d+ pages/) as string,
    });
    expect(pages).toBeLessThanOrEqual(most);
  });

  it("is refused where one page has more tags than fit on a stack", async () => {
    const many = Array.from({ length: 300_000 }, (_tag, index) => `v${index}`);
    await expect(listOf(() => ({ tags: many }))).rejects.toMatchObject({
      code: "DRAY_REGISTRY_ANSWER_TOO_LARGE",
    });
  });

  it("refuses more tags than any repository has, and what is no list", async () => {
    let page = 0;
    const listing = listOf(() => {
      page += 1;
      return { tags: MANY.map((tag) => `${tag}.${page}`), link: `?last=${page}` };
    });
    await expect(listing).rejects.toMatchObject({ code: "DRAY_REGISTRY_ANSWER_TOO_LARGE" });
    expect(page).toBe(2);
    await expect(listOf(() => ({ tags: "a" }))).rejects.toMatchObject({
      code: "DRAY_REGISTRY_FAILED",
    });
  });
});
