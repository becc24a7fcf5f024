import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DOCUMENTS } from "../../scripts/transcripts/write-again.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const INDEX = "docs/README.md";

/** Written out of the code, from its first line to its last. */
const GENERATED = ["docs/commands.md", "docs/codes.md"];

const pages = (await readdir(join(ROOT, "docs")))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const texts = new Map<string, string>();
for (const path of [...pages, "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]) {
  texts.set(path, await readFile(join(ROOT, path), "utf8"));
}
const textOf = (path: string): string => texts.get(path) ?? "";

/** The pages that the index lists, in its order. */
const listed = [...textOf(INDEX).matchAll(/^- \[[^\]]+\]\(([\w-]+\.md)\)/gm)].map(
  ([, name = ""]) => `docs/${name}`,
);
const journey = listed.slice(0, listed.indexOf("docs/commands.md"));

/** A text without its blocks of code, in which `[x](y)` is no link and `# x` no heading. */
const proseOf = (path: string): string => textOf(path).replaceAll(/^```[^]*?^```$/gm, "");

/** What headings are called in links to them. */
function anchorsOf(path: string): string[] {
  const headings = [...proseOf(path).matchAll(/^#+ (.+)$/gm)];
  return headings.map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** What is wrong with the links of a page to others, and to headings. */
function deadLinksOf(path: string): string[] {
  const targets = [...proseOf(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)];
  return targets.flatMap(([, target = ""]) => {
    const [file = "", anchor] = target.split("#");
    const there = file === "" ? path : normalize(join(dirname(path), file)).replaceAll("\\", "/");
    if (!existsSync(join(ROOT, there))) return [`${path}: ${target}`];
    const isKnown = anchor === undefined || anchorsOf(there).includes(anchor);
    return isKnown ? [] : [`${path}: ${target}`];
  });
}

/** The page that the last line of a page leads to. */
function nextOf(path: string): string | undefined {
  const last = textOf(path).trimEnd().split("\n").at(-1) ?? "";
  return /^Next: \[[^\]]+\]\(([\w-]+\.md)/.exec(last)?.[1];
}

/** The page behind a page in the journey; behind its end, and from what is to be looked up, the index. */
function followerOf(path: string): string {
  const next = journey.includes(path) ? journey[journey.indexOf(path) + 1] : undefined;
  return (next ?? INDEX).slice("docs/".length);
}

describe("the documents", () => {
  it("stand in the index, each once, and nothing else does", () => {
    expect(listed.toSorted()).toEqual(pages.filter((path) => path !== INDEX).toSorted());
  });

  it("say what they are for before anything else", () => {
    const poor = pages.filter(
      (path) => !/^# .+\n\n(?:<!--.*-->\n\n)?(?!```)[^\n#|-]/.test(textOf(path)),
    );
    expect(poor).toEqual([]);
  });

  it("end with what comes next, in the order of the index", () => {
    const wrong = listed
      .filter((path) => !GENERATED.includes(path))
      .filter((path) => nextOf(path) !== followerOf(path));
    expect(wrong, "the last line is `Next: [title](page.md).`").toEqual([]);
  });

  it("have no link that leads to nothing", () => {
    expect([...texts.keys()].flatMap(deadLinksOf)).toEqual([]);
  });

  it("say of each block in which language it is", () => {
    const bare = [...texts].flatMap(([path, text]) => {
      const fences = [...text.matchAll(/^ *```(.*)$/gm)].map(([, language = ""]) => language);
      return fences.some((language, at) => at % 2 === 0 && language === "") ? [path] : [];
    });
    expect(bare).toEqual([]);
  });
});

/** Before a session that no script writes: the test that runs it, or why it cannot be run here. */
const NOTE = /<!-- (?:run by (test\/[\w./-]+\.test\.ts)|not run here: [^>]{10,}) -->\n\n$/;

describe("the sessions in the documents", () => {
  const others = [...texts].filter(([path]) => !DOCUMENTS.some((generated) => generated === path));

  it("are written by `npm run transcripts`, run by a test that is named, or marked as not run", () => {
    const unmarked = others.flatMap(([path, text]) =>
      [...text.matchAll(/^```console$/gm)].flatMap(({ index }) => {
        const [note, test] = NOTE.exec(text.slice(0, index)) ?? [];
        if (note === undefined) return [path];
        return test === undefined || existsSync(join(ROOT, test)) ? [] : [`${path}: ${test}`];
      }),
    );
    expect(unmarked).toEqual([]);
  });

  it("are of commands: no block shows them as anything but a session", () => {
    const hidden = [...texts].filter(([, text]) => /^```(?!console)\w*\n\$ /m.test(text));
    expect(hidden.map(([path]) => path)).toEqual([]);
  });
});
