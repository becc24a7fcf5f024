import { Option } from "commander";
import type { RepositoryList } from "../index.ts";
import type { Session } from "./session.ts";

/** How repositories are listed: by name, or as what makes them at Amazon's registry. */
export type RepositoryForm = (typeof FORMS)[number];

const FORMS = ["names", "aws", "terraform"] as const;

export function listRepositoriesFlag(): Option {
  const meaning =
    "print the repositories that this needs, send nothing; =aws, =terraform: as what makes them";
  return new Option("--list-repositories [form]", meaning).choices(FORMS).preset("names");
}

/** How repositories are to be listed, and made. */
interface RepositoryFlags {
  readonly listRepositories: RepositoryForm;
  /** Each tag is taken once. */
  readonly immutable?: boolean | undefined;
}

/**
 * Prints the repositories that something needs at its target.
 * @throws DrayError `DRAY_USAGE` for what makes them at Amazon's registry, if that is not the target
 */
export async function printRepositories(
  list: RepositoryList,
  { listRepositories, immutable = false }: RepositoryFlags,
  session: Session,
): Promise<void> {
  const { parseEcrHost } = await import("../index.ts");
  const ecr = parseEcrHost(list.registry);
  if (ecr === undefined && listRepositories !== "names") {
    throw await notAmazons(list.registry, listRepositories);
  }
  const choices = { region: ecr?.region ?? "", immutable };
  session.print(list, () => WRITERS[listRepositories](list, choices));
}

async function notAmazons(registry: string, form: RepositoryForm): Promise<Error> {
  const { DrayError } = await import("../index.ts");
  return new DrayError(
    "DRAY_USAGE",
    `Cannot use --list-repositories=${form}: it is for Amazon's registry, and ${registry} is none of its hosts (ACCOUNT.dkr.ecr.REGION.amazonaws.com)`,
    { kind: "usage", hint: "--list-repositories alone prints the names, one a line." },
  );
}

interface Choices {
  readonly region: string;
  readonly immutable: boolean;
}

type Writer = (list: RepositoryList, choices: Choices) => string;

const WRITERS: Readonly<Record<RepositoryForm, Writer>> = {
  names: ({ repositories }) => repositories.map((name) => `${name}\n`).join(""),
  aws: ({ repositories }, choices) => repositories.map((name) => awsLine(name, choices)).join(""),
  terraform: ({ repositories }, { immutable }) => {
    const labels = new Labels();
    return repositories.map((name) => terraformBlock(name, labels.of(name), immutable)).join("\n");
  },
};

function awsLine(name: string, { region, immutable }: Choices): string {
  const once = immutable ? " --image-tag-mutability IMMUTABLE" : "";
  return `aws ecr create-repository --region ${region} --repository-name ${name}${once}\n`;
}

function terraformBlock(name: string, label: string, immutable: boolean): string {
  const lines = immutable
    ? [`  name                 = "${name}"`, `  image_tag_mutability = "IMMUTABLE"`]
    : [`  name = "${name}"`];
  return `resource "aws_ecr_repository" "${label}" {\n${lines.join("\n")}\n}\n`;
}

/** Names that Terraform takes, each for one repository. */
class Labels {
  readonly #taken = new Set<string>();

  of(name: string): string {
    const plain = name.replaceAll(/[^a-z0-9_-]/g, "_").replace(/^(?![a-z_])/, "_");
    let label = plain;
    for (let count = 2; this.#taken.has(label); count++) label = `${plain}_${count}`;
    this.#taken.add(label);
    return label;
  }
}
