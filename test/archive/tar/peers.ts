import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, type TestContext } from "vitest";

/** A program that other people pack and unpack with. */
export interface Peer {
  readonly name: string;
  /** Its formats, by the name that it has for them. */
  readonly formats: readonly string[];
  readonly pack: (path: string, directory: string, format: string) => void;
  /** Throws if it refuses the archive. */
  readonly unpack: (path: string, directory: string) => void;
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: "pipe" });
}

const TAR: Peer = {
  name: "tar",
  formats: ["v7", "oldgnu", "gnu", "ustar", "pax"],
  pack: (path, directory, format) =>
    run("tar", `--format=${format}`, "-cf", path, "-C", directory, "."),
  unpack: (path, directory) => run("tar", "-xf", path, "-C", directory),
};

const BSDTAR: Peer = {
  name: "bsdtar",
  formats: ["v7", "gnutar", "ustar", "pax"],
  pack: (path, directory, format) =>
    run("bsdtar", `--format=${format}`, "-cf", path, "-C", directory, "."),
  unpack: (path, directory) => run("bsdtar", "-xf", path, "-C", directory),
};

const PYTHON_UNPACK = "import sys,tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])";
const PYTHON_PACK = [
  "import sys,tarfile",
  "with tarfile.open(sys.argv[1],'w',format=getattr(tarfile,sys.argv[3])) as t: t.add(sys.argv[2],'.')",
].join("\n");

const PYTHON: Peer = {
  name: "python3",
  formats: ["USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"],
  pack: (path, directory, format) => run("python3", "-c", PYTHON_PACK, path, directory, format),
  unpack: (path, directory) => run("python3", "-c", PYTHON_UNPACK, path, directory),
};

/** Where `fixtures/go-tar` was built: starting the compiler takes seconds. */
let goTar = "";

const GO: Peer = {
  name: "go",
  formats: ["ustar", "gnu", "pax"],
  pack: (path, directory, format) => run(goTar, "pack", path, directory, format),
  unpack: (path, directory) => run(goTar, "unpack", path, directory),
};

export const PEERS: readonly Peer[] = [TAR, BSDTAR, PYTHON, GO];

/** Builds what has to be built for a file of tests, and takes it away again. */
export function usePeers(): void {
  let directory: string | undefined;
  beforeAll(async () => {
    if (!isThere(GO)) return;
    directory = await mkdtemp(join(tmpdir(), "dray-test-"));
    goTar = join(directory, "go-tar");
    run("go", "build", "-o", goTar, "fixtures/go-tar/main.go");
  });
  afterAll(async () => {
    if (directory !== undefined) await rm(directory, { recursive: true });
  });
}

export function isThere({ name }: Peer): boolean {
  const { error } = spawnSync(name, [name === "go" ? "version" : "--version"], { stdio: "ignore" });
  return error === undefined;
}

/** Those that are at hand; a test without any says so and is skipped. */
export function peersAtHand(context: TestContext): readonly Peer[] {
  const there = PEERS.filter(isThere);
  if (there.length === 0) context.skip(`needs one of ${PEERS.map(({ name }) => name).join(", ")}`);
  return there;
}
