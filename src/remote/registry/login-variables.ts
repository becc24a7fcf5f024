import { DrayError } from "../../errors.ts";
import type { CredentialStore } from "./credentials.ts";

/** What a pipeline sets for a run that has nobody to log in. */
const NAMES = ["DRAY_REGISTRY", "DRAY_USERNAME", "DRAY_PASSWORD"] as const;

/**
 * The login of one registry from variables, an empty one being none. Some without the others are a
 * mistake that would otherwise show as a refused login, hours later.
 * @throws DrayError `DRAY_USAGE`
 */
export function loginFromVariables(
  variables: Readonly<Record<string, string | undefined>>,
): CredentialStore {
  const [registry = "", username = "", password = ""] = NAMES.map((name) => variables[name]);
  const missing = NAMES.filter((name) => (variables[name] ?? "") === "");
  if (missing.length === 0) {
    return async (wanted) =>
      wanted === registry ? { kind: "password", username, password } : undefined;
  }
  if (missing.length === NAMES.length) return async () => undefined;
  const are = missing.length === 1 ? "is" : "are";
  throw new DrayError(
    "DRAY_USAGE",
    `Cannot log in by variables: ${missing.join(" and ")} ${are} not set`,
    { kind: "usage", hint: `Set all of ${NAMES.join(", ")} (HOST[:PORT] the first), or none.` },
  );
}
