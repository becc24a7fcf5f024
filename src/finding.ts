import type { ErrorCode } from "./codes.ts";
import { DrayError } from "./errors.ts";
import type { Listener } from "./events.ts";

/**
 * One thing that validation has to say about a bundle or its carrier. An `error` refuses the
 * bundle, a `warning` is reported, `info` says what was done (junk stripped, index rebuilt).
 */
export interface Finding {
  /** Stable name, `<NOUN>_<STATE>`; docs/codes.md has them all. */
  readonly code: FindingCode;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  /** The entry, digest or reference it is about. */
  readonly entry?: string;
  readonly wanted?: string;
  readonly found?: string;
  /** What to do about it. */
  readonly hint?: string;
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}

/** Says the warnings among `findings` on the way, for a story whose report has no room for them. */
export function announceWarnings(findings: readonly Finding[], onEvent: Listener): void {
  for (const { severity, message } of findings) {
    if (severity === "warning") onEvent({ type: "warning", message });
  }
}

/** What a refusal says, as one finding among others. */
export function findingOf(error: DrayError, entry?: string): Finding {
  return {
    code: bareCode(error.code),
    severity: "error",
    message: error.message,
    ...(entry === undefined ? {} : { entry }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

/** The code without its `DRAY_`. */
function bareCode<Code extends string>(code: `DRAY_${Code}`): Code {
  // The compiler does not know what slicing makes of a literal.
  return code.slice("DRAY_".length) as Code;
}

/** Every code that a finding can have: what a refusal has behind its `DRAY_`, and its own. */
export type FindingCode =
  | { [Code in ErrorCode]: Code extends `DRAY_${infer Bare}` ? Bare : never }[ErrorCode]
  | "ARCHIVE_NESTED"
  | "ARCHIVE_UNREAD"
  | "BASE_JOINED"
  | "BLOBS_DECOMPRESSED"
  | "BLOBS_LEFT_OUT"
  | "BLOB_DIGEST"
  | "BLOB_SIZE"
  | "BLOB_UNREFERENCED"
  | "BLOB_UNSUPPORTED"
  | "BUDGET_SPENT"
  | "BUNDLES_MIXED"
  | "BUNDLES_SEVERAL"
  | "BUNDLE_EMPTY"
  | "BUNDLE_MISMATCH"
  | "CHART_DEPRECATED"
  | "CHART_INCOMPLETE"
  | "CHART_NAME_CONFLICT"
  | "CHART_NAME_LOWERED"
  | "CHART_PRERELEASE"
  | "CHART_UNREADABLE"
  | "CLUSTER_VERSION"
  | "CUSTOM_RESOURCE"
  | "DEPENDENCY_MISSING"
  | "DIGEST_NEW"
  | "DOCKER_MANIFEST_EMPTY"
  | "ENTRY_DUPLICATE"
  | "ENTRY_EXTRA"
  | "ENTRY_NAME_REFUSED"
  | "ENTRY_REBUILT"
  | "ENTRY_TYPE_REFUSED"
  | "ENTRY_UNEXPECTED"
  | "EXECUTABLE_LOST"
  | "EXTRA_LEFT_OUT"
  | "FILE_LEFT_OUT"
  | "FOLDER_ADDED"
  | "FOREIGN_BUNDLE"
  | "IMAGE_ELSEWHERE"
  | "IMAGE_NOT_CARRIED"
  | "IMAGE_NOT_DERIVED"
  | "IMAGE_REPLACED"
  | "IMAGE_SIGNED"
  | "IMAGE_SKIPPED"
  | "IMAGE_UNATTESTED"
  | "IMAGE_UNCOVERED"
  | "IMAGE_UNSIGNED"
  | "INDEX_SPARSE"
  | "INDEX_TOO_DEEP"
  | "INVENTORY_INCOMPLETE"
  | "JUNK_STRIPPED"
  | "KUBE_VERSION"
  | "LAYOUT_INDEX_MISSING"
  | "LAYOUT_MARKER_MISSING"
  | "LINE_ENDS_CHANGED"
  | "LIST_DIFFERS"
  | "LOGIN_EXPIRES"
  | "MEDIA_TYPE_CONFLICT"
  | "MIRROR_DIFFERS"
  | "NAME_AMBIGUOUS"
  | "NAME_CHANGED"
  | "NAME_HOST_LOST"
  | "NAME_MISSING"
  | "NAME_PINNED"
  | "NODE_MIRROR_MISSING"
  | "NOT_EXPLORED"
  | "OPERATOR"
  | "OUTPUT_LEFT_OUT"
  | "PACKAGE_DIFFERENTIAL"
  | "PARTS_APART"
  | "PRIVATE_KEY_PACKED"
  | "PROVENANCE_GOOD"
  | "PROVENANCE_MISSING"
  | "PROVENANCE_UNCHECKED"
  | "RECEIPT_EMPTY"
  | "RECEIPT_UNFINISHED"
  | "REFERRERS_UNKNOWN"
  | "ROOT_UNSUPPORTED"
  | "SCHEMA_NOT_CHECKED"
  | "SIGNATURE_ALTERED"
  | "SIGNATURE_INCOMPLETE"
  | "SIGNATURE_MISSING"
  | "SIGNATURE_NOT_CHECKED"
  | "SIGNATURE_NOT_TRUSTED"
  | "SIGNATURE_NO_KEY"
  | "SIGNATURE_UNREADABLE"
  | "SIGNATURE_UNTRUSTED"
  | "SKIP_UNUSED"
  | "SUBJECT_MISSING"
  | "SUMS_MISSING"
  | "TAG_MISSING"
  | "TAG_MOVED"
  | "TARGET_MISSING"
  | "TAG_LATEST"
  | "TEMPLATE_NOT_EVALUATED"
  | "VALUES_REFUSED"
  | "VALUE_UNUSED"
  | "VERSION_ASSUMED";

/** Runs a reader; what it refuses becomes a finding, unless an error about that entry stands. */
export async function attempt<T>(
  findings: Finding[],
  entry: string,
  read: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
    const isKnownError = (finding: Finding): boolean =>
      finding.entry === entry && finding.severity === "error";
    if (!findings.some(isKnownError)) findings.push(findingOf(error, entry));
    return undefined;
  }
}
