import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleFile, makeBundle, readEntries, SIGNER } from "../../fixtures/bundles.ts";
import { packedChart } from "../../fixtures/charts.ts";
import { madeOnce, temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray, type Outcome } from "./terminal.ts";

const IMAGE = "registry.example/team/lacking:1.0";
const POD = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: ${IMAGE}}]}\n`;
const NO_KEY = /warning: There is no key to check the signature with/i;

/** What the command lines below read, by the word that stands for it. */
const inputs = madeOnce(async () => {
  const folder = await temporaryDirectory();
  const place = (name: string): string => join(folder, name);
  await writeFile(place("key.pub"), SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
  const pem = SIGNER.key.export({ type: "pkcs8", format: "pem" });
  await writeFile(place("signer.key"), pem, { mode: 0o600 });
  const tgz = packedChart({ "templates/web.yaml": POD });
  await writeFile(place("demo.tgz"), tgz);
  await writeFile(place("list.txt"), "registry.example/team/other:1.0\n");
  const { path: good } = await makeBundle();
  const { path: lacking } = await makeBundle({ charts: [{ tgz }] });
  const entries = await readEntries(good);
  entries.set("evil.sh", Buffer.from("rm -rf"));
  await writeFile(place("part.tar.gz"), (await readFile(good)).subarray(0, 5000));
  return {
    GOOD: good,
    LACKING: lacking,
    BAD: await bundleFile(entries),
    PART: place("part.tar.gz"),
    CHART: place("demo.tgz"),
    LIST: place("list.txt"),
    KEY: place("key.pub"),
    SIGNER: place("signer.key"),
    IN: folder,
    // Nobody listens there.
    DEAD: "127.0.0.1:1",
  };
});

async function quietly(line: string): Promise<Outcome> {
  const places: Record<string, string> = { ...inputs(), OUT: await temporaryDirectory() };
  const words = line
    .split(" ")
    .map((word) => word.replace(/^[A-Z]+/, (name) => places[name] ?? name));
  return dray([...words, "-q"]);
}

describe("--quiet", () => {
  it.each([
    ["verify BAD --key KEY", 3, /evil\.sh/],
    ["verify PART --key KEY", 3, /\d+ are missing/],
    ["inspect nowhere", 2, /nowhere.*no such file/],
    ["inspect LIST", 3, /list\.txt/],
    ["unpack BAD OUT/no --key KEY", 3, /evil\.sh/],
    ["unpack BAD OUT/no --as oci-archive --key KEY", 3, /evil\.sh/],
    ["sign BAD --sign-key SIGNER", 3, /evil\.sh/],
    ["split PART --size 1KB -o OUT", 3, /copy is incomplete/],
    ["serve BAD --key KEY --port 0", 3, /evil\.sh/],
    ["push BAD DEAD --key KEY", 3, /evil\.sh/],
    ["push GOOD DEAD --key KEY --retry-for 0s", 1, /127\.0\.0\.1:1/],
    ["push BAD DEAD --key KEY --list-repositories", 3, /evil\.sh/],
    ["report BAD --key KEY", 3, /evil\.sh[\s\S]*Refused/],
    ["report BAD --key KEY -o OUT/bad.html", 3, /evil\.sh[\s\S]*Refused/],
    ["diff BAD GOOD --key KEY", 3, /evil\.sh/],
    ["check BAD --key KEY", 3, /evil\.sh/],
    ["check LACKING --key KEY", 3, new RegExp(`${IMAGE}[\\s\\S]*Incomplete`)],
    ["images CHART --check LIST", 3, new RegExp(`${IMAGE}[\\s\\S]*lacks 1 needed`)],
    ["repoint LACKING DEAD --key KEY -o OUT/deploy", 3, new RegExp(`${IMAGE}[\\s\\S]*Incomplete`)],
    ["preflight --image DEAD/app:1 --plain-http", 3, /FAILED[\s\S]*Something would fail/],
    ["preflight --image DEAD/app:1 --plain-http --hosts", 3, /FAILED[\s\S]*Something would fail/],
    ["pack --image DEAD/app:1 --unsigned -o OUT/a.tar.gz --retry-for 0s", 1, /127\.0\.0\.1:1/],
    ["copy --image DEAD/app:1 DEAD --retry-for 0s", 1, /127\.0\.0\.1:1/],
    ["keygen IN/key --no-passphrase", 2, /key\.pub/],
    ["login DEAD --username somebody", 2, /nobody to type the password/],
    ["nonsense", 2, /nonsense/],
  ])("of `%s`, which is refused, leaves the code and the reason", async (line, code, reason) => {
    const outcome = await quietly(line);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toMatch(reason);
  });

  it.each([
    "verify GOOD --allow-unsigned",
    "inspect GOOD --allow-unsigned",
    "unpack GOOD OUT/unpacked --allow-unsigned",
    "report GOOD --allow-unsigned",
    "report GOOD --allow-unsigned -o OUT/report.html",
    "diff GOOD GOOD --allow-unsigned",
    "push GOOD DEAD --allow-unsigned --list-repositories",
    "repoint LACKING DEAD --allow-unsigned --explain lacking",
    "repoint GOOD DEAD --allow-unsigned --stdin",
  ])("of `%s` leaves that no trusted key has signed", async (line) => {
    const { code, stderr } = await quietly(line);
    expect(stderr).toMatch(NO_KEY);
    expect(code).toBe(0);
  });

  it.each([
    "verify GOOD --key KEY",
    "report GOOD --key KEY",
    "push GOOD DEAD --key KEY --list-repositories",
    "images CHART",
  ])("of `%s`, where nothing is wrong, leaves nothing", async (line) => {
    expect(await quietly(line)).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });
});
