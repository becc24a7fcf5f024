import { sep } from "node:path";
import { Option } from "commander";
import type { KeyFiles } from "../index.ts";
import { addExamples, refuseStdout } from "./flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { askSecret, canAsk, givenPassphrase, type PassphraseFlags } from "./signing-key.ts";
import { formatTable, paragraphs } from "./table.ts";

/** What --json prints. @internal for schemas */
export interface KeygenDocument extends KeyFiles {
  /** Undefined after a dry run, which makes no key. */
  readonly keyId?: string;
  readonly dryRun: boolean;
}

interface KeygenFlags extends SessionFlags, PassphraseFlags {
  readonly passphrase: boolean;
  readonly dryRun?: boolean;
}

export const addKeygenCommand: AddCommand = (program, start) => {
  const command = program
    .command("keygen")
    .summary("make a key pair to sign bundles with")
    .description(
      "Makes a P-256 key pair: NAME.key (PKCS#8, encrypted, readable by its owner only) and " +
        "NAME.pub. The passphrase comes from a prompt, from DRAY_KEY_PASSPHRASE or from a file.",
    )
    .argument("[name]", "name of both files, without their endings", "dray")
    .option("--passphrase-file <file>", "file that holds the passphrase")
    .addOption(
      new Option("--no-passphrase", "leave the private key unencrypted").conflicts(
        "passphraseFile",
      ),
    );
  command.option(
    "--dry-run",
    "look at place and passphrase, say what would be written, make no key",
  );
  addOutputFlags(command);
  addExamples(command, [
    "dray keygen release",
    "DRAY_KEY_PASSPHRASE=… dray keygen release   # without a terminal",
  ]);
  command.action(async (name: string, flags: KeygenFlags) => {
    const session = await start(flags);
    await refuseStdout(name, NO_KEYS_ON_STDOUT);
    const { keygen, requireNewKey } = await import("../index.ts");
    // Nobody types a passphrase twice to hear that there is a key already.
    const files = await requireNewKey(name);
    if (flags.dryRun === true) {
      await requirePassphrase(flags, session);
      const document: KeygenDocument = { ...files, dryRun: true };
      session.print(document, () => renderDryRun(files));
      return;
    }
    const result = await keygen(name, await choosePassphrase(flags, session));
    const document: KeygenDocument = { ...result, dryRun: false };
    session.print(document, () =>
      formatTable([
        ["private key", `${result.privateKey}   keep it secret and safe`],
        ["public key", `${result.publicKey}   give it to those who verify`],
        ["key id", result.keyId],
        [
          "trust it",
          `copy the public key to ${session.defaults.trustFolder}${sep} on the other side`,
        ],
      ]),
    );
  });
};

const NO_KEYS_ON_STDOUT = {
  what: "a key pair",
  why: "it is two files, of which one is secret",
  hint: "Give a name: `dray keygen release` writes release.key and release.pub.",
};

function renderDryRun({ privateKey, publicKey }: KeyFiles): string {
  const table = formatTable([
    ["private key", privateKey],
    ["public key", publicKey],
  ]);
  return paragraphs([table, "Dry run: these would be written. No key was made.\n"]);
}

/** One from a file or a variable; undefined where it is to be typed. @throws DrayError `DRAY_KEY_LOCKED` */
async function requirePassphrase(flags: KeygenFlags, { io }: Session): Promise<string | undefined> {
  if (!flags.passphrase) return undefined;
  const given = await givenPassphrase(flags, io);
  if (given !== "" && (given !== undefined || canAsk(io))) return given;
  const { DrayError } = await import("../index.ts");
  throw new DrayError("DRAY_KEY_LOCKED", "Cannot make a key: expected a passphrase, found none", {
    kind: "usage",
    hint: "Set DRAY_KEY_PASSPHRASE, or use --passphrase-file or --no-passphrase.",
  });
}

async function choosePassphrase(flags: KeygenFlags, session: Session): Promise<string | undefined> {
  const given = await requirePassphrase(flags, session);
  if (given !== undefined || !flags.passphrase) return given;
  const { DrayError } = await import("../index.ts");
  const { io } = session;
  const first = await askSecret("Passphrase for the new key: ", io);
  if (first !== "" && first === (await askSecret("Passphrase, the same again: ", io))) return first;
  throw new DrayError("DRAY_KEY_LOCKED", "Cannot make a key: the passphrases differ or are empty", {
    kind: "usage",
  });
}
