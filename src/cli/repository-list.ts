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

/** Prints the repositories that something needs at its target. */
export function printRepositories(
  list: RepositoryList,
  form: RepositoryForm,
  session: Session,
): void {
  session.print(list, () => WRITERS[form](list));
}

const WRITERS: Readonly<Record<RepositoryForm, (list: RepositoryList) => string>> = {
  names: ({ repositories }) => repositories.map((name) => `${name}\n`).join(""),
  aws: ({ registry, repositories }) => repositories.map((name) => awsLine(name, registry)).join(""),
  terraform: ({ repositories }) => {
    const labels = new Labels();
    return repositories.map((name) => terraformBlock(name, labels.of(name))).join("\n");
  },
};

/** `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and its like. */
const ECR_REGION = /^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./;

function awsLine(name: string, registry: string): string {
  const region = ECR_REGION.exec(registry)?.[1];
  const where = region === undefined ? "" : ` --region ${region}`;
  return `aws ecr create-repository${where} --repository-name ${name}\n`;
}

function terraformBlock(name: string, label: string): string {
  return `resource "aws_ecr_repository" "${label}" {\n  name = "${name}"\n}\n`;
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
