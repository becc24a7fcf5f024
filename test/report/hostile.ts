import { formatReport, type BundleReport, type ReportForm } from "../../src/index.ts";
import { parseDigest } from "../../src/oci/digest.ts";

/** Names that want to be markup, to hide, to turn text around, or to push everything else away. */
export const HOSTILE = [
  `"><script>alert(1)</script>`,
  `'onmouseover='alert(1)`,
  `</style><img src=x onerror=alert(1)>`,
  `\`\`\`\n# Good\n![x](http://127.0.0.1:9/x.png) [go](javascript:alert(1)) | a | <b>b</b>`,
  `registry.example/\u202egnp.exe\u2066\u200b`,
  `\u0000\u001b[31mred\u0007\ud800`,
  "x".repeat(100_000),
];

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);

/** A report in which everything that a stranger can choose is one of these names. */
export function hostileReport(form: ReportForm): string {
  const all = HOSTILE.join(" ");
  const images = HOSTILE.map((name) => ({
    kind: "image" as const,
    reference: name,
    digest: DIGEST,
    platforms: [name],
    neededBy: [name],
    size: 100,
    own: 60,
    sharedWith: [{ reference: name, bytes: 40 }],
    referrers: [],
  }));
  const report: BundleReport = {
    schemaVersion: 1,
    written: "2026-11-28T12:00:00.000Z",
    generator: "dray 0.1.0",
    bundle: {
      path: all,
      form: all,
      size: 1,
      name: all,
      version: all,
      created: all,
      generator: all,
      isForeign: false,
    },
    verdict: "good",
    signedBy: HOSTILE.map((from) => ({ id: "ab".repeat(32), from })),
    images,
    charts: HOSTILE.map((name) => {
      const version = name;
      return {
        reference: name,
        name,
        version,
        appVersion: name,
        digest: DIGEST,
        size: 1,
        images: HOSTILE,
      };
    }),
    files: HOSTILE.map((path) => ({ path, size: 1 })),
    otherReferrers: [],
    skipped: HOSTILE.map((reason) => ({ image: reason, needed: true, reason })),
    bytes: { total: 1000, blobs: 10, shared: 100 },
    findings: HOSTILE.map((message) => {
      return { code: "ENTRY_EXTRA", severity: "warning", message, hint: message } as const;
    }),
    pushes: HOSTILE.map((name) => ({
      receipt: name,
      outcome: "done" as const,
      started: name,
      finished: name,
      user: name,
      host: name,
      target: name,
      artifacts: HOSTILE.map((target) => {
        return {
          kind: "image",
          reference: name,
          target,
          digest: DIGEST,
          result: "failed",
          error: name,
        } as const;
      }),
      totals: {
        copied: { blobs: 1, bytes: 1 },
        mounted: { blobs: 1, bytes: 1 },
        skipped: { blobs: 1, bytes: 1 },
      },
    })),
  };
  return formatReport(report, form);
}
