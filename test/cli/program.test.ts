import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { VERSION } from "../../src/version.ts";
import { dray } from "./terminal.ts";

const COMMANDS = [
  "images",
  "pack",
  "verify",
  "inspect",
  "check",
  "push",
  "unpack",
  "serve",
  "sign",
  "keygen",
];

describe("the command line", () => {
  it("says the version of package.json", async () => {
    expect(VERSION).toBe(packageJson.version);
    expect(await dray(["--version"])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
  });

  it("lists its commands with examples", async () => {
    const { code, stdout } = await dray(["--help"]);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
    expect(stdout).toContain("Examples:\n  dray keygen release");
  });

  it.each(COMMANDS)("%s --help shows flags and examples", async (command) => {
    const { code, stdout, stderr } = await dray([command, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: dray ${command}`);
    expect(stdout).toContain("--json");
    expect(stdout).toContain(`Examples:\n  dray ${command}`);
  });

  it.each([
    [["pakc"], 'there is no command "pakc"'],
    [["pack", "--imagee", "a"], "there is no flag --imagee"],
    [["push", "a.tar.gz"], "Expected a target: none is given"],
    [["push", "a", "b", "--map", "sideways"], "expected one of drop-host, keep-host, flatten"],
    [["completion", "tcsh"], '"tcsh" for <shell>: expected one of bash, zsh, fish, powershell'],
    [["images"], "expected <chart>, found no more words"],
    [["images", "a", "--kube-version", "new"], "expected a version of Kubernetes"],
    [["images", "a", "--list", "--why", "b"], "--list and --why <image> do not go together"],
    [["verify", "a", "--require", "0"], "whole number from 1 to 100"],
    [["serve", "--port", "70000"], "whole number from 0 to 65535"],
    [["sign", "a.tar.gz"], "Expected --sign-key or --sign-command"],
  ])("%j is used wrongly: exit code 2 and what is wrong", async (argv, message) => {
    const { code, stdout, stderr } = await dray(argv);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
  });
});

describe("dray pack", () => {
  it.each([
    [["pack"], "Expected either --sign-key, --sign-command or --unsigned"],
    [["pack", "--unsigned"], "there is no bundle.yaml here"],
    [["pack", "--unsigned", "--image", "a/UPPER"], 'Cannot read reference "a/UPPER"'],
    [["pack", "--unsigned", "--image", "<IMAGE>:1"], "it holds < or >"],
    [["pack", "--unsigned", "--platform", "amd64", "--image", "a"], 'Cannot read platform "amd64"'],
    [["pack", "--unsigned", "--chart", "oci://r.example"], "expected oci://REGISTRY/PATH/CHART"],
    [["pack", "--unsigned", "--chart", "https://r.example/c"], "it names no chart"],
    [["pack", "--unsigned", "--chart", "/nonexistent.tgz"], "no such file or directory"],
    [["pack", "--unsigned", "--file", "/nonexistent"], "no such file"],
    [["pack", "/nonexistent.yaml", "--unsigned"], "no such file"],
    [["pack", "--unsigned", "--image-list", "/nonexistent"], "no such file"],
    [["pack", "--sign-key", "/nonexistent.key", "--image", "a"], "no such file"],
    [
      ["pack", "--unsigned", "--image", "a", "-o", "-"],
      "appears whole under its name or not at all",
    ],
    [
      ["pack", "--unsigned", "--image", "a", "--lock", "-"],
      "Cannot write the lock to standard output",
    ],
    [["pack", "--unsigned", "--image", "a", "--set", "b=c"], "expected --chart with them"],
    [["pack", "--unsigned", "--locked", "--image", "a"], "there is no lock"],
    [["pack", "--unsigned", "--username", "me", "--image", "a"], "--password-stdin together"],
  ])("%j is refused before anything is asked: exit code 2", async (argv, message) => {
    const { code, stdout, stderr } = await dray(argv);
    expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([2, ""]);
  });

  it("does not offer one password to two registries", async () => {
    const images = ["--image", "a.example/x:1", "--image", "b.example/x:1"];
    const flags = ["--unsigned", "--username", "me", "--password-stdin"];
    const { code, stderr } = await dray(["pack", ...images, ...flags], { stdin: "secret" });
    expect(code).toBe(2);
    expect(stderr).toContain("names 2 registries (a.example, b.example)");
    expect(stderr).not.toContain("secret");
  });
});
