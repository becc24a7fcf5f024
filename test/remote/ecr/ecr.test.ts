import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeBundle } from "../../../fixtures/bundles.ts";
import { AWS_KEYS, failed, TestEcr, type TestEcrOptions } from "../../../fixtures/ecr.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { built } from "../../built.ts";
import { startDray, type DrayOutcome } from "../../stories/dray-process.ts";

async function startEcr(options: Partial<TestEcrOptions> = {}): Promise<TestEcr> {
  const directory = join(await temporaryDirectory(), "layout");
  const ecr = await TestEcr.start({ directory, ...options });
  onTestFinished(() => ecr.stop());
  return ecr;
}

interface Pushing {
  readonly flags?: readonly string[];
  readonly env?: Record<string, string>;
}

/** Pushes a bundle with the built program, which finds nothing but what stands here. */
async function push(ecr: TestEcr, { flags = [], env = {} }: Pushing = {}): Promise<DrayOutcome> {
  const directory = await temporaryDirectory();
  const ca = join(directory, "ca.pem");
  await writeFile(ca, ecr.ca);
  const { path } = await makeBundle();
  const argv = ["push", path, `${ecr.host}/team`, "--allow-unsigned", "--ca-file", ca, ...flags];
  const keys = { AWS_ACCESS_KEY_ID: AWS_KEYS.id, AWS_SECRET_ACCESS_KEY: AWS_KEYS.secret };
  const proxy = { HTTPS_PROXY: ecr.proxy.url };
  const { ended } = startDray(argv, {
    AWS_EC2_METADATA_DISABLED: "true",
    ...keys,
    ...proxy,
    ...env,
  });
  return ended;
}

function actions({ calls }: TestEcr): string[] {
  return calls.map(({ action }) => action);
}

describe("dray push to ECR", () => {
  it("logs in with AWS credentials, makes the repositories that are not there, and no more", async () => {
    const ecr = await startEcr();
    const { code, stderr } = await push(ecr);
    expect([code, stderr.includes("NodeVersionSupport")]).toEqual([0, false]);
    expect(actions(ecr).filter((one) => one === "GetAuthorizationToken")).toHaveLength(1);
    expect(ecr.calls.filter(({ isRefused }) => isRefused)).toEqual([]);
    expect(ecr.repositories.size).toBeGreaterThan(1);
    for (const [name, mutability] of ecr.repositories) {
      expect([name.startsWith("team/"), mutability]).toEqual([true, "MUTABLE"]);
      expect(stderr).toContain(`Made repository ${name} at ${ecr.host}`);
    }
    const made = ecr.repositories.size;
    const again = await push(ecr);
    expect([again.code, ecr.repositories.size]).toEqual([0, made]);
  });

  it("makes them immutable where the target file says so", async () => {
    const ecr = await startEcr();
    const file = join(await temporaryDirectory(), "target.yaml");
    await writeFile(file, "immutable: true\n");
    expect((await push(ecr, { flags: ["--target-file", file] })).code).toBe(0);
    expect(new Set(ecr.repositories.values())).toEqual(new Set(["IMMUTABLE"]));
  });

  it("goes on with a new token when the old one expires in the middle", async () => {
    const ecr = await startEcr();
    ecr.expireAfter(9);
    const { code, stderr } = await push(ecr);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("expired")]);
    expect(actions(ecr).filter((one) => one === "GetAuthorizationToken")).toHaveLength(2);
  });

  it("waits until a repository that was made is known", async () => {
    const ecr = await startEcr();
    ecr.late = 3;
    const { code, stderr } = await push(ecr);
    expect([code, stderr]).toEqual([0, expect.stringContaining("trying again")]);
  });

  it("asks the endpoint of AWS_ENDPOINT_URL_ECR", async () => {
    const ecr = await startEcr({ api: "elsewhere.example" });
    const { code } = await push(ecr, { env: { AWS_ENDPOINT_URL_ECR: ecr.apiUrl } });
    expect([code, ecr.proxy.tunnels.some((name) => name.startsWith("api.ecr"))]).toEqual([
      0,
      false,
    ]);
    expect(actions(ecr)).toContain("GetAuthorizationToken");
  });

  it.each([
    ["123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "api.ecr-fips.us-east-1.amazonaws.com"],
    ["123456789012.dkr-ecr.us-east-1.on.aws", "ecr.us-east-1.api.aws"],
    ["123456789012.dkr.ecr.us-east-1.amazonaws.com", "api.ecr.us-east-1.amazonaws.com"],
  ])("knows the API of %s", async (host, api) => {
    const ecr = await startEcr({ host, api, region: "us-east-1" });
    expect((await push(ecr)).code).toBe(0);
  });

  it("takes a stored login, and what the AWS SDK gives only where that has expired", async () => {
    const ecr = await startEcr();
    const directory = await temporaryDirectory();
    const auth = Buffer.from("AWS:from-yesterday").toString("base64");
    await writeFile(
      join(directory, "config.json"),
      JSON.stringify({ auths: { [ecr.host]: { auth } } }),
    );
    const { code } = await push(ecr, { env: { DOCKER_CONFIG: directory } });
    expect([code, actions(ecr)[0]]).toEqual([0, "GetAuthorizationToken"]);
    const without = await push(ecr, {
      env: { DOCKER_CONFIG: directory, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
    });
    expect([without.code, without.stderr]).toEqual([
      4,
      expect.stringContaining("token has expired"),
    ]);
  });

  it("says that there are no credentials, and how to have some", async () => {
    const ecr = await startEcr();
    const { code, stderr } = await push(ecr, {
      env: { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
    });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("the AWS SDK finds no credentials"),
    ]);
    expect(stderr).toContain("AWS_PROFILE");
  });

  it("says what AWS says of a wrong key, and shows none", async () => {
    const ecr = await startEcr();
    const secret = "not-the-secret-key";
    const { code, stderr } = await push(ecr, { env: { AWS_SECRET_ACCESS_KEY: secret } });
    expect([code, stderr]).toEqual([1, expect.stringContaining("InvalidSignatureException")]);
    expect(stderr).not.toContain(secret);
  });

  it("says which right is missing to make a repository", async () => {
    const ecr = await startEcr();
    const message =
      "User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:CreateRepository";
    ecr.refusals.set("CreateRepository", failed("AccessDeniedException", message));
    const { code, stderr } = await push(ecr);
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining(message)]);
  });
});

describe("the built program", () => {
  it("loads the AWS SDK only where a registry of ECR is met", async () => {
    const directory = join(await temporaryDirectory(), "cli");
    await cp(built("cli"), directory, { recursive: true });
    const chunks: string[] = [];
    for (const name of await readdir(directory)) {
      if (!(await readFile(join(directory, name), "utf8")).includes("GetAuthorizationToken"))
        continue;
      chunks.push(name);
      await writeFile(join(directory, name), "throw new Error('the AWS SDK was loaded');\n");
    }
    expect(chunks).toHaveLength(1);
    const { path } = await makeBundle();
    const ecr = await startEcr();
    const env = { HOME: "/nonexistent", HTTPS_PROXY: ecr.proxy.url };
    const run = (target: string): Promise<string> => {
      const flags = ["--allow-unsigned", "--retry-for", "0", "--insecure-skip-tls-verify"];
      const argv = [join(directory, "dray.js"), "push", path, target, ...flags];
      return text(spawn(process.execPath, argv, { env }).stderr);
    };
    expect(await run("127.0.0.1:1/team")).not.toContain("the AWS SDK was loaded");
    expect(await run(`${ecr.host}/team`)).toContain("the AWS SDK was loaded");
  });
});
