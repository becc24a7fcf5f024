import { spawn } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "../../fixtures/certificates.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { startSession } from "../../scripts/transcripts/session.ts";
import { withoutDigests } from "../../scripts/transcripts/write-again.ts";
import { built } from "../built.ts";
import { needs } from "../programs.ts";
import { dockerRegistry } from "./lab.ts";

const PAGE = await readFile(new URL("../../docs/registries.md", import.meta.url), "utf8");
const README = await readFile(new URL("../../README.md", import.meta.url), "utf8");

const PASSWORD = "correct horse";
/** The same as bcrypt, which is all that the registry takes. */
const HTPASSWD = "ada:$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n";

/** Lets the name of the page lead to this machine. */
const NAMES = `const dns = require("node:dns");
const here = (name) => (name === "registry.internal" ? "127.0.0.1" : name);
const { lookup } = dns;
const { lookup: promised } = dns.promises;
dns.lookup = (name, ...rest) => lookup(here(name), ...rest);
dns.promises.lookup = (name, ...rest) => promised(here(name), ...rest);
`;

/** The first block of a language that has this in it. */
function blockOf(page: string, language: string, word: string): string {
  const blocks = [...page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)];
  return blocks.find(([, kind, lines]) => kind === language && lines?.includes(word))?.[2] ?? "";
}

/** What one run need not have in common with another. */
function withoutRun(printed: string): string {
  return withoutDigests(printed)
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/issued by .*/g, "issued by CA");
}

/** The bundle of README.md, the files of the page, and docker-registry behind its port. */
async function makeWorkplace(): Promise<{ work: string; port: string }> {
  const work = await temporaryDirectory();
  const session = await startSession(blockOf(README, "yaml", "# bundle.yaml"), {
    work,
    dray: built("cli/dray.js"),
  });
  await session.run("dray keygen release");
  await session.run("dray pack bundle.yaml --sign-key release.key");
  await session.close();
  // The recipe stays on the other side.
  await rm(join(work, "bundle.yaml"));
  const { cert, key } = makeCertificate(["registry.internal"]);
  const files = { "corporate-ca.pem": cert, "registry.key": key, htpasswd: HTPASSWD };
  for (const [name, content] of Object.entries({ ...files, "names.cjs": NAMES })) {
    await writeFile(join(work, name), content);
  }
  const { host } = await dockerRegistry({
    auth: { htpasswd: { realm: "registry.internal", path: join(work, "htpasswd") } },
    tls: { certificate: join(work, "corporate-ca.pem"), key: join(work, "registry.key") },
  });
  const port = host.slice(host.indexOf(":") + 1);
  const target = blockOf(PAGE, "yaml", "target: registry.internal").replace("5443", port);
  await writeFile(join(work, "target.yaml"), target);
  return { work, port };
}

it("the session of docs/registries.md prints on docker-registry what stands there", async (context) => {
  needs(context, "docker-registry");
  const { work, port } = await makeWorkplace();
  const env = {
    PATH: process.env["PATH"],
    HOME: work,
    NODE_OPTIONS: `--require=${join(work, "names.cjs")}`,
    PASSWORD,
  };
  const session = blockOf(PAGE, "console", "dray login");
  let printed = "";
  for (const line of session.split("\n").filter((one) => one.startsWith("$ "))) {
    const command = line
      .slice(2)
      .replace("5443", port)
      .replace(/\bdray\b/, `"${process.execPath}" "${built("cli/dray.js")}"`);
    const child = spawn("sh", ["-c", command], { cwd: work, env });
    onTestFinished(() => void child.kill());
    const output = (await text(child.stdout))
      .replaceAll(port, "5443")
      .replaceAll(work, "/home/ada");
    printed += `${printed === "" ? "" : "\n"}${line}\n${output}`;
  }
  expect(withoutRun(printed)).toBe(withoutRun(session));
});
