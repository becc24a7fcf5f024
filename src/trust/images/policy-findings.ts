import type { Finding } from "../../finding.ts";
import type { ReadyRule } from "./signers.ts";
import type { Standing } from "./standing.ts";

export function uncovered(reference: string): Finding {
  return {
    code: "IMAGE_UNCOVERED",
    severity: "warning",
    entry: reference,
    message: `No rule of the policy is about ${reference}: nobody has to vouch for it`,
    hint: "Add a rule for it; one for * at the end is about all that no other is.",
  };
}

export function unsigned(
  reference: string,
  rule: ReadyRule,
  standings: readonly Standing[],
): Finding {
  const [own] = standings;
  const found = own?.signedBy.size ?? 0;
  return {
    code: "IMAGE_UNSIGNED",
    severity: rule.unsigned === "warn" ? "warning" : "error",
    entry: reference,
    message: `${reference} is not signed by those who have to: expected ${rule.require} of ${rule.signers.map(({ name }) => name).join(" or ")}, found ${found}${reasonsIn(standings)}`,
    hint: "Find out whether who makes the image signs it, and how: the policy names them. An image of which platforms were left out has lost the signature of its index.",
  };
}

export function unattested(
  reference: string,
  rule: ReadyRule,
  { missing, standings }: { missing: readonly string[]; standings: readonly Standing[] },
): Finding {
  return {
    code: "IMAGE_UNATTESTED",
    severity: rule.unsigned === "warn" ? "warning" : "error",
    entry: reference,
    message: `${reference} lacks what has to be attested of it: ${missing.join(", ")}${reasonsIn(standings)}`,
    hint: "Find out whether who makes the image attests that, and who signs it.",
  };
}

/** A few of them say what is the matter. */
const MOST_REASONS = 5;

function reasonsIn(standings: readonly Standing[]): string {
  const reasons = [...new Set(standings.flatMap((one) => one.reasons))];
  if (reasons.length === 0) return " (nothing that is signed about it came along)";
  const left = reasons.length - MOST_REASONS;
  const more = left > 0 ? [`and ${left} more`] : [];
  return [...reasons.slice(0, MOST_REASONS), ...more].map((reason) => `\n  ${reason}`).join("");
}

export function vouched(
  reference: string,
  { rule, by, isWhole }: { rule: ReadyRule; by: readonly Standing[]; isWhole: boolean },
): Finding {
  const who = [...new Set(by.flatMap(({ signedBy }) => [...signedBy.values()]))].join(" and ");
  const signed = rule.require === 0 ? "" : ` is signed by ${who}`;
  const attested =
    rule.attestations.length === 0 ? "" : ` has attested: ${rule.attestations.join(", ")}`;
  const both = [signed, attested].filter((part) => part !== "").join(", and");
  const parts = isWhole ? "" : " (each of its images; its index is not)";
  return {
    code: "IMAGE_SIGNED",
    severity: "info",
    entry: reference,
    message: `${reference}${both}${parts}`,
  };
}
