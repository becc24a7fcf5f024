import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  it,
  onTestFinished,
  type TestContext,
} from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { dray } from "../cli/terminal.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { hostileReport } from "./hostile.ts";
import { EARLIER, makeRelease, signerFile } from "./lab.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Where Debian has it; `DRAY_CHROMIUM` names another. */
const CHROMIUM = process.env["DRAY_CHROMIUM"] ?? "/usr/bin/chromium";

/** A folder for pictures of the pages, for whoever wants to look at them. */
const PICTURES = process.env["DRAY_PICTURES"];

let browser: Browser | undefined;
let reason = "";
beforeAll(async () => {
  try {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  } catch (error) {
    reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  }
});
afterAll(() => browser?.close());

interface Look {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
  readonly print?: boolean;
}

/** Opens a page from its file. What the browser has against it, and what it asks a network for, is kept. */
async function openPage(context: TestContext, path: string, look: Look): Promise<OpenPage> {
  if (browser === undefined) return context.skip(`needs chromium: ${reason}`);
  const { colorScheme = "light", width = 1100, print = false } = look;
  const view = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  onTestFinished(() => view.close());
  const page = await view.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  if (print) await page.emulateMedia({ media: "print", colorScheme });
  await page.goto(pathToFileURL(path).href);
  return { page, complaints, requests };
}

interface OpenPage {
  readonly page: Page;
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
}

async function picture(page: Page, name: string, { fullPage = true } = {}): Promise<void> {
  if (PICTURES === undefined) return;
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage });
}

/** What axe finds that keeps people from reading the page. The policy of the page lets no script in but this. */
async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, "utf8"));
  const found = await page.evaluate("axe.run()");
  const { violations } = found as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  };
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** The page of a release that was compared with the one before and pushed. */
async function releasePage(): Promise<string> {
  const directory = await temporaryDirectory();
  const [key, now, old] = [await signerFile(), await makeRelease(), await makeRelease(EARLIER)];
  const registry = await startRegistry();
  const receipt = join(directory, "receipt.json");
  const target = `${registry.host}/mirror`;
  const push = ["push", now.path, target, "--key", key, "--plain-http", "--receipt", receipt];
  expect(await dray(push)).toMatchObject({ code: 0 });
  const output = join(directory, "report.html");
  const flags = ["--key", key, "--since", old.path, "--receipt", receipt, "-q", "-o", output];
  expect(await dray(["report", now.path, ...flags])).toMatchObject({ code: 0, stderr: "" });
  return output;
}

const LOOKS: Readonly<Record<string, Look>> = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  narrow: { width: 380 },
  "narrow-dark": { width: 380, colorScheme: "dark" },
  print: { print: true, width: 720, colorScheme: "dark" },
};

describe("the page of a report in Chromium", () => {
  it("loads nothing, complains of nothing and can be read by everybody, in every look", async (context) => {
    const path = await releasePage();
    for (const [name, look] of Object.entries(LOOKS)) {
      const { page, complaints, requests } = await openPage(context, path, look);
      await picture(page, name);
      expect.soft(requests, name).toEqual([page.url()]);
      expect.soft(complaints, name).toEqual([]);
      const fits = await page.evaluate("document.documentElement.scrollWidth <= innerWidth");
      expect.soft(fits, name).toBe(true);
      expect.soft(await seriousFaults(page), name).toEqual([]);
    }
  });

  it("shows names as text, whatever is in them", async (context) => {
    const path = join(await temporaryDirectory(), "hostile.html");
    await writeFile(path, hostileReport("html"));
    const { page, complaints, requests } = await openPage(context, path, { width: 600 });
    await picture(page, "hostile", { fullPage: false });
    expect(requests).toEqual([page.url()]);
    expect(complaints).toEqual([]);
    expect(await page.locator("script, img, iframe, a, form").count()).toBe(0);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(await seriousFaults(page)).toEqual([]);
  });
});
