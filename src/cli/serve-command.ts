import { Option } from "commander";
import {
  addBundleFlags,
  addVerifyFirstFlag,
  bundleChoices,
  type BundleFlags,
  type VerifyFirstFlag,
} from "./bundle-flags.ts";
import { addExamples, integer, readInput, refuseStdout } from "./flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { tell } from "./color.ts";
import { leaveInterrupt } from "./terminal.ts";

/** What --json prints once the registry listens. @internal for schemas */
export interface ServeDocument {
  readonly url: string;
  /** The names that can be pulled right after the start. */
  readonly repositories: readonly string[];
  readonly writable: boolean;
}

interface ServeFlags extends BundleFlags, SessionFlags, VerifyFirstFlag {
  readonly writable?: boolean;
  readonly host: string;
  readonly port: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export const addServeCommand: AddCommand = (program, start) => {
  const command = program
    .command("serve")
    .summary("be a registry, over a layout directory or a bundle")
    .description(
      "Serves an OCI image layout or a bundle as a registry until it is stopped. Of a bundle " +
        "everything but the blobs' own bytes is checked first, and a blob while it is sent: nobody " +
        "gets all of a damaged one. There is no authentication: it listens on this host only " +
        "unless another address is named.",
    )
    .argument("[path]", "image layout or bundle; with --writable a temporary one by default")
    .option("--writable", "take pushes into a layout directory")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(
      new Option("--port <number>", "port to listen on, 0 for any free one")
        .argParser(integer({ least: 0, most: 65_535 }))
        .default(5000),
    )
    .option("--tls-cert <file>", "certificate chain in PEM; needs --tls-key")
    .option("--tls-key <file>", "private key of the certificate in PEM");
  addVerifyFirstFlag(addBundleFlags(command));
  addOutputFlags(command);
  addExamples(command, [
    "dray serve app-1.2.0.tar.gz --key release.pub",
    "dray serve ./mirror --writable --port 5000",
  ]);
  command.action(async (path: string | undefined, flags: ServeFlags) =>
    runServe(path, flags, await start(flags)),
  );
};

const NO_LAYOUT_ON_STDOUT = {
  what: "an image layout",
  why: "it is a directory",
  hint: "Name a directory, or none for one that goes when the registry stops.",
};

async function runServe(
  path: string | undefined,
  flags: ServeFlags,
  session: Session,
): Promise<void> {
  if (flags.writable === true) await refuseStdout(path, NO_LAYOUT_ON_STDOUT);
  const { run, print } = session;
  const { DrayError, serve } = await import("../index.ts");
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
    throw new DrayError("DRAY_USAGE", "Expected --tls-cert and --tls-key together", {
      kind: "usage",
    });
  }
  const tls =
    flags.tlsCert === undefined || flags.tlsKey === undefined
      ? undefined
      : {
          cert: (await readInput(flags.tlsCert, "certificate")).toString(),
          key: (await readInput(flags.tlsKey, "certificate key")).toString(),
        };
  const registry = await serve(
    {
      path,
      writable: flags.writable,
      host: flags.host,
      port: flags.port,
      tls,
      verifyFirst: flags.verifyFirst,
      ...(await bundleChoices(flags, session)),
    },
    run,
  );
  const { url, repositories, writable } = registry;
  const document: ServeDocument = { url, repositories, writable };
  print(document, () => {
    const names = repositories.map((name) => `  ${name}\n`).join("");
    return `Serving ${writable ? "(writable) " : ""}at ${url}\n${names}`;
  });
  await registry.closed;
  if (session.io.signal.aborted) sayStopped(path, writable, session);
}

function sayStopped(path: string | undefined, writable: boolean, { io }: Session): void {
  leaveInterrupt(io);
  const where = path === undefined ? "is gone" : `stays in ${path}`;
  tell("stderr", writable ? `Stopped. What was pushed ${where}.\n` : "Stopped.\n", io);
}
