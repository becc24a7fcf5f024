import type { Destination } from "../delivery/names.ts";
import type { Finding } from "../finding.ts";
import { Budget } from "../helm/template/budget.ts";
import { writeYaml } from "../helm/template/to-yaml.ts";
import type { Dict, Value } from "../helm/template/value.ts";

/** A login for a registry. */
export interface PullLogin {
  readonly username: string;
  readonly password: string;
}

/** A secret by its name, and what it is made of, where it is to be written. */
export interface PullSecretWish {
  readonly name: string;
  /** A login of the target; without it no secret is written. */
  readonly login?: PullLogin | undefined;
  /** One secret for each. */
  readonly namespaces: readonly string[];
}

/**
 * The secret with which nodes pull, once for each namespace, as `kubectl apply -f` takes it.
 * https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
 */
export function writePullSecrets(
  name: string,
  namespaces: readonly string[],
  { registry, login }: { readonly registry: string; readonly login: PullLogin },
): string {
  const { username, password } = login;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const config = JSON.stringify({ auths: { [registry]: { username, password, auth } } });
  const documents = namespaces.map((namespace) => {
    const metadata: Dict = new Map([
      ["name", name],
      ["namespace", namespace],
    ]);
    const secret: Dict = new Map<string, Value>([
      ["apiVersion", "v1"],
      ["kind", "Secret"],
      ["metadata", metadata],
      ["type", "kubernetes.io/dockerconfigjson"],
      ["data", new Map([[".dockerconfigjson", Buffer.from(config).toString("base64")]])],
    ]);
    return writeYaml(secret, new Budget());
  });
  return `# Written by dray repoint. It holds a password: keep it out of Git.\n${documents.join("\n---\n")}\n`;
}

/** Hosts of Amazon's registry, whose logins end after twelve hours. */
const ECR = /^\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/;

/** What there is to say of a secret that is made of such a login. */
export function aboutLogin(
  wish: PullSecretWish | undefined,
  { target: { registry } }: Destination,
): Finding[] {
  if (wish === undefined || !ECR.test(registry)) return [];
  return [
    {
      code: "LOGIN_EXPIRES",
      severity: "warning",
      message: `a login for ${registry} ends after 12 hours, and pulling with this secret then`,
      hint: "Let the nodes pull with an identity of their own, and leave out --pull-secret.",
    },
  ];
}
