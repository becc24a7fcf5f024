import {
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  changeHead,
  cutRequestAfter,
  hangUp,
  refuse,
  stopTakingAfter,
} from "../../../fixtures/faults.ts";
import { makeLayer } from "../../../fixtures/images.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { ownerName } from "../../../src/content/owner.ts";
import { contentOf } from "../../../src/content/memory.ts";
import type { Content } from "../../../src/content/content.ts";
import type { Repository } from "../../../src/remote/registry/repository.ts";
import { read, repositoryOf, startRegistry } from "./lab.ts";

const MIB = 1024 * 1024;
const UPLOADS = /\/blobs\/uploads\//;
const CUT = 8 * MIB;
const { descriptor, bytes } = makeLayer("unfinished", 12 * MIB);
const REST = bytes.length - CUT;

let registry: TestRegistry;
let uploadNotes: string;

beforeEach(async () => {
  registry = await startRegistry();
  uploadNotes = join(await temporaryDirectory(), "state", "uploads");
});

/** A client of its own: what another one knows it does not. */
function repository(): Repository {
  return repositoryOf(registry, { uploadNotes });
}

async function push(): Promise<void> {
  expect(await repository().push(descriptor, contentOf(bytes, "test"))).toBe("copied");
}

/** A push that is stopped when the registry has so much. */
async function stoppedPush(): Promise<void> {
  const stop = new AbortController();
  const taking = stopTakingAfter(CUT, () => stop.abort(new Error("enough")));
  registry.inject({ method: "PUT", times: 1 }, taking);
  const pushing = repository().push(descriptor, contentOf(bytes, "test"), { signal: stop.signal });
  await expect(pushing).rejects.toThrow("enough");
  registry.mend();
}

async function notes(): Promise<string[]> {
  return (await readdir(uploadNotes)).map((name) => join(uploadNotes, name));
}

async function changeNote(change: (note: Record<string, unknown>) => unknown): Promise<void> {
  const [path = ""] = await notes();
  const note = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  await writeFile(path, JSON.stringify(change(note)));
}

function received(): number {
  return registry.seen.reduce((sum, request) => sum + request.received, 0);
}

async function requireThere(): Promise<void> {
  registry.mend();
  expect((await read(repository(), descriptor)).equals(bytes)).toBe(true);
  expect(await notes()).toEqual([]);
}

describe("an upload whose connection is cut", () => {
  it("goes on where the registry says that it stands", async () => {
    registry.inject({ method: "PUT", times: 1 }, cutRequestAfter(CUT));
    await push();
    expect(registry.requests("POST")).toHaveLength(1);
    expect(registry.requests("PATCH")[0]?.headers["content-range"]).toMatch(`${CUT}-`);
    expect(received()).toBe(bytes.length);
    await requireThere();
  });

  it("begins anew where the registry gives it up", async () => {
    registry.inject({ method: "PUT", times: 1 }, cutRequestAfter(CUT));
    registry.inject({ method: "GET", path: UPLOADS }, refuse(404, "BLOB_UPLOAD_INVALID"));
    await push();
    expect(registry.requests("POST")).toHaveLength(2);
    expect(registry.requests("PUT")[1]?.received).toBe(bytes.length);
    await requireThere();
  });
});

describe("an upload that an earlier run has left", () => {
  it("goes on where that ended, and sends nothing twice", async () => {
    await stoppedPush();
    expect(registry.requests("DELETE", UPLOADS)).toEqual([]);
    registry.forget();
    await push();
    expect(registry.requests("POST")).toEqual([]);
    expect(received()).toBe(REST);
    await requireThere();
  });

  it("is noted where nobody else can read it", async () => {
    await stoppedPush();
    const [path = ""] = await notes();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(uploadNotes)).mode & 0o777).toBe(0o700);
    expect(path).not.toContain(descriptor.digest.slice(7));
  });

  it("is not what another repository, or another registry, goes on with", async () => {
    await stoppedPush();
    const other = repositoryOf(registry, { name: "team/other", uploadNotes });
    registry.forget();
    await other.push(descriptor, contentOf(bytes, "test"));
    expect(received()).toBe(bytes.length);
    const elsewhere = await startRegistry();
    await repositoryOf(elsewhere, { uploadNotes }).push(descriptor, contentOf(bytes, "test"));
    expect(elsewhere.requests("PUT")[0]?.received).toBe(bytes.length);
  });

  it("begins anew where the registry has lost it", async () => {
    await stoppedPush();
    registry.inject({ method: "GET", path: UPLOADS }, refuse(404, "BLOB_UPLOAD_UNKNOWN"));
    registry.forget();
    await push();
    expect(registry.requests("PUT").map((put) => put.received)).toEqual([bytes.length]);
    await requireThere();
  });

  it("is judged by the digest where the registry has less, more or other bytes than it says", async () => {
    for (const range of ["0-9999999", `0-${bytes.length - 1}`, "0-99999999999", "0-4", "0-x"]) {
      await stoppedPush();
      registry.inject(
        { method: "GET", path: UPLOADS },
        changeHead((headers) => {
          headers["range"] = range;
        }),
      );
      registry.forget();
      await push();
      expect(received()).toBeGreaterThanOrEqual(REST);
      await requireThere();
      // The blob of the next round is to be sent again.
      registry = await startRegistry();
    }
  });

  it("is asked for once: an error there costs no patience", async () => {
    await stoppedPush();
    registry.inject({ method: "GET", path: UPLOADS }, refuse(500, "UNKNOWN"));
    registry.forget();
    await push();
    expect(registry.requests("GET", UPLOADS)).toHaveLength(1);
    expect(registry.requests("PUT").map((put) => put.received)).toEqual([bytes.length]);
    await requireThere();
  });

  it("begins anew where the registry takes nothing more of it, whatever it answers", async () => {
    for (const status of [400, 403, 409]) {
      await stoppedPush();
      registry.inject({ method: "PATCH", times: 1 }, refuse(status, "UNKNOWN"));
      registry.forget();
      await push();
      expect(registry.requests("POST")).toHaveLength(1);
      expect(registry.requests("PUT").map((put) => put.received)).toEqual([bytes.length]);
      await requireThere();
      registry = await startRegistry();
    }
  });

  it("stays noted where the next run is stopped while it asks", async () => {
    await stoppedPush();
    const stop = new AbortController();
    registry.inject({ method: "GET", path: UPLOADS }, ({ request }) => {
      request.resume();
      stop.abort(new Error("enough"));
    });
    const { signal } = stop;
    const pushing = repository().push(descriptor, contentOf(bytes, "test"), { signal });
    await expect(pushing).rejects.toThrow("enough");
    expect(await notes()).toHaveLength(1);
  });

  it("goes on in the run after one that could not reach the registry any more", async () => {
    registry.inject({ method: "PUT", times: 1 }, (exchange) => {
      registry.inject({}, hangUp);
      return cutRequestAfter(CUT)(exchange);
    });
    const pushing = repository().push(descriptor, contentOf(bytes, "test"));
    await expect(pushing).rejects.toMatchObject({ status: 0 });
    expect(await notes()).toHaveLength(1);
    await expect(repository().push(descriptor, contentOf(bytes, "test"))).rejects.toMatchObject({
      status: 0,
    });
    registry.mend();
    registry.forget();
    await push();
    expect(registry.requests("POST")).toEqual([]);
    expect(received()).toBe(REST);
    await requireThere();
  });

  it("stays that run's as long as it is alive", async () => {
    await stoppedPush();
    const owner = await ownerName();
    await changeNote((note) => ({ ...note, owner }));
    registry.forget();
    await push();
    expect(registry.requests("GET", UPLOADS)).toEqual([]);
    expect(received()).toBe(bytes.length);
    expect(await notes()).toHaveLength(1);
  });

  it("is given back where the content turns out to be wrong", async () => {
    await stoppedPush();
    registry.forget();
    const wrong: Content = contentOf(Buffer.concat([bytes.subarray(0, -1), Buffer.of(7)]), "test");
    await expect(repository().push(descriptor, wrong)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
    expect(registry.requests("DELETE", UPLOADS)).toHaveLength(1);
    expect(await notes()).toEqual([]);
  });
});

describe("a note that cannot be used", () => {
  it("costs sending the blob again, whatever lies in its place", async () => {
    const spoiled: ((note: Record<string, unknown>) => unknown)[] = [
      () => [],
      (note) => ({ ...note, location: "file:///etc/passwd" }),
      (note) => ({ ...note, location: "http://169.254.169.254/latest" }),
      (note) => ({ ...note, location: 7 }),
      (note) => ({ ...note, location: `${String(note["location"])}x`, minChunk: -1 }),
      (note) => ({ ...note, more: "x".repeat(20_000) }),
    ];
    for (const change of spoiled) {
      await stoppedPush();
      await changeNote(change);
      registry.forget();
      await push();
      expect(registry.requests("PUT").map((put) => put.received)).toEqual([bytes.length]);
      registry = await startRegistry();
    }
  });

  it("is not hindered by what else lies there, of which old notes alone are removed", async () => {
    const names = ["folder", "0a".repeat(32), "young", "letter.txt"];
    const [folder, old, young, letter] = names.map((name) => join(uploadNotes, name));
    await mkdir(folder ?? "", { recursive: true });
    for (const path of [old, young, letter]) await writeFile(path ?? "", "");
    for (const path of [folder, old, letter]) await utimes(path ?? "", 1e9, 1e9);
    await stoppedPush();
    expect(await notes()).toHaveLength(4);
    expect(await notes()).not.toContain(old);
    registry.forget();
    await push();
    expect(received()).toBe(REST);
  });

  it("is none where the folder cannot be made or written", async () => {
    await mkdir(join(uploadNotes, ".."), { recursive: true });
    await writeFile(uploadNotes, "a file");
    await push();
    expect(await readFile(uploadNotes, "utf8")).toBe("a file");
  });

  it("leaves nothing behind where a folder lies in its place", async () => {
    await stoppedPush();
    const [path = ""] = await notes();
    await rm(path);
    await mkdir(path);
    await push();
    expect(await notes()).toEqual([path]);
  });

  it("is not read where it has another name too, by which others may write it", async () => {
    await stoppedPush();
    const [path = ""] = await notes();
    await link(path, join(uploadNotes, "..", "other"));
    registry.seen.length = 0;
    await push();
    expect(received()).toBeGreaterThanOrEqual(bytes.length);
    await requireThere();
  });

  it("is replaced where a link lies in its place, and what that leads to is left alone", async () => {
    await stoppedPush();
    const [path = ""] = await notes();
    const other = join(uploadNotes, "..", "other");
    await writeFile(other, "mine");
    await rm(path);
    await symlink(other, path);
    await push();
    expect(await readFile(other, "utf8")).toBe("mine");
    await requireThere();
  });
});
