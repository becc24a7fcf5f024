import { NotRegular, readSmallFile, readStart } from "../../content/small-file.ts";
import { DrayError, systemCode } from "../../errors.ts";
import { z } from "../../oci/schema.ts";
import { readGoTexts } from "../../yaml/texts.ts";
import { isSameRepository } from "./repository-address.ts";
import type { KnownRepositories, RepositoryLogin } from "./repository-login.ts";

/** A `repositories.yaml` of some hundred repositories has some ten kilobytes. */
const MAX_BYTES = 4 * 1024 * 1024;

const text = z.string().nullish();
const fileSchema = z.object({
  repositories: z
    .array(
      z.object({
        name: z.string(),
        url: z.string(),
        username: text,
        password: text,
        caFile: text,
        certFile: text,
        keyFile: text,
        insecure_skip_tls_verify: text,
        pass_credentials_all: text,
      }),
    )
    .nullish(),
});

type HelmRepository = NonNullable<z.infer<typeof fileSchema>["repositories"]>[number];

/** The repositories of a file of Helm. @throws DrayError `DRAY_CREDENTIALS_INVALID` */
export async function readRepositories(path: string): Promise<KnownRepositories> {
  const all = await repositoriesIn(path);
  return {
    async login(repository) {
      const known = all.find(
        ({ url }) => URL.canParse(url) && isSameRepository(new URL(url), repository),
      );
      return known === undefined ? undefined : toLogin(known);
    },
    urlOf: async (name) => all.find((one) => one.name === name)?.url,
  };
}

async function repositoriesIn(path: string): Promise<readonly HelmRepository[]> {
  let bytes: Buffer;
  try {
    bytes = await readStart(path, MAX_BYTES, { pipe: true });
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    if (error instanceof NotRegular) throw invalid(path);
    throw error;
  }
  if (bytes.length > MAX_BYTES) throw invalid(path);
  try {
    const document = readGoTexts(bytes.toString("utf8"), "repositories") ?? {};
    const parsed = fileSchema.safeParse(document);
    if (parsed.success) return parsed.data.repositories ?? [];
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
  }
  throw invalid(path);
}

async function toLogin(known: HelmRepository): Promise<RepositoryLogin> {
  const { username, password, caFile, certFile, keyFile } = known;
  return {
    ...(username && password ? { username, password } : {}),
    passToAllHosts: known.pass_credentials_all === "true",
    insecureSkipTlsVerify: known.insecure_skip_tls_verify === "true",
    ca: await readPem(caFile),
    cert: await readPem(certFile),
    key: await readPem(keyFile),
  };
}

async function readPem(path: string | null | undefined): Promise<string | undefined> {
  if (!path) return undefined;
  return (await readSmallFile(path, { what: "file of repositories.yaml" })).toString("utf8");
}

/** What a parser has to say of a file with passwords in it is not repeated. */
function invalid(path: string): DrayError {
  return new DrayError(
    "DRAY_CREDENTIALS_INVALID",
    `Cannot read ${JSON.stringify(path)}: expected the repositories.yaml that Helm writes`,
    { kind: "usage", hint: "Write it anew with `helm repo add`, or remove it." },
  );
}
