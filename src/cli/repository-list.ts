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

/** Prints the repositories that something needs at its target. */
export function printRepositories(
  list: RepositoryList,
  { listRepositories, immutable = false }: RepositoryFlags,
  session: Session,
): void {
  session.print(list, () => WRITERS[listRepositories](list, immutable));
}

type Writer = (list: RepositoryList, immutable: boolean) => string;

const WRITERS: Readonly<Record<RepositoryForm, Writer>> = {
  names: ({ repositories }) => repositories.map((name) => `${name}\n`).join(""),
  aws: ({ registry, repositories }, immutable) =>
    repositories.map((name) => awsLine(name, registry, immutable)).join(""),
  terraform: ({ repositories }, immutable) => {
    const labels = new Labels();
    return repositories.map((name) => terraformBlock(name, labels.of(name), immutable)).join("\n");
  },
};

/** `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and its like. */
const ECR_REGION = /^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./;

function awsLine(name: string, registry: string, immutable: boolean): string {
  const region = ECR_REGION.exec(registry)?.[1];
  const where = region === undefined ? "" : ` --region ${region}`;
  const once = immutable ? " --image-tag-mutability IMMUTABLE" : "";
  return `aws ecr create-repository${where} --repository-name ${name}${once}\n`;
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
