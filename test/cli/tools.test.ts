import { execFile } from "node:child_process";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { describe, expect, it, type TestContext } from "vitest";
import { makeBundle, readEntries } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { parseContentsDocument } from "../../src/bundle/format.ts";
import { keygen } from "../../src/stories/keygen.ts";
import { needs, needsShell } from "../programs.ts";
import { dray, type Outcome } from "./terminal.ts";

const SCRIPT = "#!/bin/sh\necho carried\n";
const TOOL = "tools/linux-amd64/carry";

/** A folder with a bundle in which a tool travels, and the keys of its sender. */
class Sender {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(tools = `[{ path: carry.sh, name: carry, platform: linux/amd64 }]`) {
    const sender = new Sender(await temporaryDirectory());
    await writeFile(sender.path("carry.sh"), SCRIPT);
    await writeFile(sender.path("note.txt"), "a note\n");
    await keygen(sender.path("sender"), undefined);
    await sender.recipe(tools);
    return sender;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  recipe(tools: string): Promise<void> {
    const text = `name: box\nversion: "1.0"\nfiles: [note.txt]\ntools: ${tools}\n`;
    return writeFile(this.path("bundle.yaml"), text);
  }

  pack(name = "box-1.0.tar.gz", ...more: readonly string[]): Promise<Outcome> {
    const key = ["--sign-key", this.path("sender.key")];
    const output = ["-o", this.path(name), "--force"];
    return dray(["pack", this.path("bundle.yaml"), ...output, ...key, ...more]);
  }

  on(command: string, ...more: readonly string[]): Promise<Outcome> {
    const key = ["--key", this.path("sender.pub")];
    return dray([command, this.path("box-1.0.tar.gz"), ...more, ...key]);
  }

  async run(line: string): Promise<string> {
    const how = { cwd: this.folder, env: { PATH: process.env["PATH"] } };
    const { stdout } = await promisify(execFile)("/bin/sh", ["-e", "-c", line], how);
    return stdout;
  }

  /** What README.txt says to type to get the tool out and check it. */
  async lines(): Promise<string> {
    const readme = await this.run("tar -xOzf box-1.0.tar.gz README.txt");
    const [, block = ""] = /BEFORE it is run[^:]*:\n\n((?: {4}.*\n)+)/.exec(readme) ?? [];
    return block;
  }
}

function needsAll(context: TestContext): void {
  needsShell(context);
  for (const program of ["tar", "openssl", "sha256sum"]) needs(context, program);
}

describe("a tool in a bundle", () => {
  it("is had with tar, checked with openssl and sha256sum, and run", async (context) => {
    needsAll(context);
    const at = await Sender.open();
    expect((await at.pack()).code).toBe(0);
    const lines = await at.lines();
    expect(lines.trim().split("\n")).toHaveLength(3);
    expect(await at.run(lines)).toBe(`Verified OK\n${TOOL}: OK\n`);
    expect(await at.run(`./${TOOL}`)).toBe("carried\n");
  });

  it("is refused by these lines where it, the list or the signature was changed", async (context) => {
    needsAll(context);
    const at = await Sender.open();
    await at.pack();
    const lines = await at.lines();
    const files = `SHA256SUMS SHA256SUMS.sig ${TOOL}`;
    for (const change of [
      `echo "echo evil" >> ${TOOL}`,
      `echo "echo evil" >> ${TOOL}; (cd . && sha256sum ${TOOL} > SHA256SUMS)`,
      `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out m.key; openssl dgst -sha256 -sign m.key -out SHA256SUMS.sig SHA256SUMS`,
    ]) {
      await at.pack();
      const again = `rm -rf tools; tar -xzf box-1.0.tar.gz ${files}; ${change}; tar -czf box-1.0.tar.gz ${files}`;
      await at.run(again);
      await expect(at.run(lines)).rejects.toThrow("Command failed");
    }
  });

  it("may be run where tar or dray has unpacked it, and a file may not", async (context) => {
    needsShell(context);
    const at = await Sender.open();
    await chmod(at.path("carry.sh"), 0o600);
    await at.pack();
    expect((await at.on("unpack", at.path("unpacked"))).code).toBe(0);
    const mode = async (name: string): Promise<number> =>
      (await stat(at.path(`unpacked/${name}`))).mode & 0o777;
    expect([await mode(TOOL), (await mode("files/note.txt")) & 0o111]).toEqual([0o755, 0]);
    expect(await readFile(at.path(`unpacked/${TOOL}`), "utf8")).toBe(SCRIPT);
    expect(await at.run("tar -tvzf box-1.0.tar.gz")).toMatch(
      /-rwxr-xr-x.*tools\/linux-amd64\/carry/,
    );
  });

  it("is shown for what it is, and counts as content", async () => {
    const at = await Sender.open();
    expect((await at.pack()).stdout).toMatch(/file +tools\/linux-amd64\/carry.*linux\/amd64/);
    expect((await at.on("verify")).code).toBe(0);
    expect((await at.on("inspect")).stdout).toMatch(
      /tool +tools\/linux-amd64\/carry.*linux\/amd64/,
    );
    const json = JSON.parse((await at.on("inspect", "--json")).stdout) as { files: object[] };
    expect(json.files).toContainEqual({ path: TOOL, size: SCRIPT.length, platform: "linux/amd64" });
    const report = await at.on("report", "-o", at.path("report.md"));
    expect(report.code).toBe(0);
    expect(await readFile(at.path("report.md"), "utf8")).toContain(TOOL);
    await at.recipe("[{ path: note.txt, name: carry, platform: linux/amd64 }]");
    await at.pack("new.tar.gz");
    const diff = await at.on("diff", at.path("new.tar.gz"));
    expect(diff.stdout).toContain(TOOL);
    const empty = await at.on("push", "127.0.0.1:1");
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining("dray unpack")]);
  });

  it("goes on into another bundle with what it runs on", async () => {
    const at = await Sender.open();
    await at.pack();
    const from = ["--from", at.path("box-1.0.tar.gz"), "--key", at.path("sender.pub")];
    const output = ["-o", at.path("second.tar.gz"), "--unsigned"];
    expect((await dray(["pack", ...from, ...output])).code).toBe(0);
    const shown = await dray(["inspect", at.path("second.tar.gz"), "--allow-unsigned"]);
    expect(shown.stdout).toMatch(/tool +tools\/linux-amd64\/carry.*linux\/amd64/);
  });

  it.each(["tools/a b", 'tools/"; echo evil; "', "tools/a/b/c", "tools/.hidden", "tools/$HOME"])(
    "of another has to have a path that may be typed: %s",
    async (path) => {
      const { path: bundle } = await makeBundle({ files: { "note.txt": "a note" } });
      const entries = await readEntries(bundle);
      const document = JSON.parse(entries.get("bundle.json")?.toString() ?? "") as object;
      const files = [{ path, size: 4 }];
      expect(() =>
        parseContentsDocument(Buffer.from(JSON.stringify({ ...document, files }))),
      ).toThrow("expected tools/PLATFORM/NAME");
    },
  );

  it("has its own name and runs everywhere, unless the recipe says otherwise", async () => {
    const at = await Sender.open("[{ path: carry.sh }]");
    await at.pack();
    expect((await at.on("inspect")).stdout).toMatch(/tool +tools\/carry.sh/);
  });

  it.each([
    ["[{ path: carry.sh, name: ../carry }]", "expected a name of letters"],
    ["[{ path: carry.sh, platform: linux }]", "tools, item 1"],
    ["[{ path: nowhere }]", "no such file"],
    ["[{ path: carry.sh }, { path: note.txt, name: Carry.sh }]", "only differs in case from"],
    ["[{ path: 'two words' }]", "Give it another one with `name`"],
    ["[{ name: carry }]", "path"],
    ["[carry.sh]", "tools, item 1"],
  ])("is refused where it is written as %s", async (tools, words) => {
    const at = await Sender.open(tools);
    const { code, stderr } = await at.pack();
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });
});
