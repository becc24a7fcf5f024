import type { RepointedChart } from "../index.ts";
import { OBJECT_NAME } from "./pull-secret-flags.ts";

type Workloads = NonNullable<RepointedChart["pullSecret"]>["workloads"];

/** Those of the chart that pull without the secret, and what gives it to their accounts. */
export function formatWithoutSecret(
  { pullSecret }: RepointedChart,
  isMeant: (one: Workloads[number]) => boolean,
): string {
  const all = pullSecret?.workloads.filter((one) => !one.hasSecret && isMeant(one)) ?? [];
  return formatWorkloads(all, pullSecret?.name ?? "");
}

function formatWorkloads(without: Workloads, secret: string): string {
  if (without.length === 0) return "";
  const lines = without.map(({ object, file, account, onlyTests, when }) => {
    const tests = onlyTests ? " (helm test)" : "";
    const settings = when.length === 0 ? "" : `    with ${when.join(" and ")}\n`;
    return `  ${object}${tests}, under the service account ${account}\n${settings}    ${file}\n`;
  });
  // A chart may name what is no account, and more than one word for a shell.
  const possible = without.filter(({ account, namespace = account }) =>
    [account, namespace].every((one) => OBJECT_NAME.test(one)),
  );
  const ways = new Set(possible.map((one) => patchLines(one, secret)));
  return `${lines.join("")}  → Give it to these accounts; pods have it that are made after that:\n${[...ways].join("")}`;
}

/** Adds the secret to those that an account has, and else makes the list of it alone. */
function patchLines(
  { account, namespace }: { readonly account: string; readonly namespace?: string | undefined },
  name: string,
): string {
  const where = namespace === undefined ? "" : ` --namespace ${namespace}`;
  const command = `kubectl patch serviceaccount ${account}${where} --type json --patch`;
  const path = "/imagePullSecrets";
  const add = [{ op: "add", path: `${path}/-`, value: { name } }];
  const make = [
    { op: "test", path, value: null },
    { op: "add", path, value: [{ name }] },
  ];
  return `    ${command} '${JSON.stringify(add)}' ||\n      ${command} '${JSON.stringify(make)}'\n`;
}
