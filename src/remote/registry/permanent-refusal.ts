const TAG_STAYS =
  "The registry lets nobody write this tag once more; trying again changes nothing. Push under another tag, or have the rule or the old tag removed there.";

const NO_ROOM =
  "There is no room left in the registry or in the project's share of it; trying again changes nothing until somebody there makes room or raises the quota.";

export const READ_ONLY =
  "The registry, or this repository of it, takes nothing now: it is read-only (maintenance, garbage collection, a replica or a cache). Whoever runs it has to end that, or names the one that is written to.";

/** Logins are read-only too, and then something else has to be done. */
const READ_ONLY_WORDS =
  /^(?![^]*\b(?:scope|token|permission|role)s?\b)[^]*(?:read.?only|maintenance mode|modification is prohibited|proxy cache project)/i;

const KEPT_OUT =
  "The registry's own firewall keeps this host out, whoever is logged in: have the address that it names let in.";

const TOO_LARGE =
  "The registry takes no manifest as large as this one. Leave the artifact out with --exclude, or have the limit raised there.";

/** What a registry refuses for good, by its words: to try again changes nothing. */
const PERMANENT: readonly (readonly [sign: RegExp, hint: string])[] = [
  [READ_ONLY_WORDS, READ_ONLY],
  [/client with ip|\bip address .*(?:not|block|den)|firewall/i, KEPT_OUT],
  [/manifest .*(?:exceeds|too (?:large|big)|larger than)/i, TOO_LARGE],
  [
    /immutab|overwr[io]t|does not allow updating|redeploy|\btag\b.* exists|exists .*\btag\b|protected (?:tag|path|repository)|disallowed/i,
    TAG_STAYS,
  ],
  [
    /quota|storage .*exceed|exceed\w* .*(?:storage|upper limit|allotted)|no space left|insufficient storage|storage limit|reached .*limit/i,
    NO_ROOM,
  ],
  [
    /artifact ?type|media ?type|config type|unknown type|manifest (?:format|type|schema) .*(?:not|un)/i,
    "This registry does not take artifacts of this kind. Its administrator may be able to allow the type; else leave the artifact out.",
  ],
  [
    /vulnerab|scan|policy|signature|content trust|not signed|prevent/i,
    "A policy of the registry or project forbids it; its administrator has to allow it.",
  ],
];

/** Statuses of answers that a rule of the registry may stand behind. */
const MAY_BE_PERMANENT: ReadonlySet<number> = new Set([
  400, 403, 405, 406, 409, 412, 413, 415, 422, 507,
]);

/** What to do where something was refused for good; undefined where another try may do. */
export function permanentRefusal(status: number, text: string): string | undefined {
  if (status === 507) return NO_ROOM;
  // Nexus has the status of a server that is down for it.
  if (status === 503) return readOnlyHint(text);
  if (!MAY_BE_PERMANENT.has(status) || isAtOnce(status, text)) return undefined;
  const found = PERMANENT.find(([sign]) => sign.test(text))?.[1];
  // Nothing that is sent can conflict with anything but the tag.
  return found ?? (status === 409 || status === 412 ? TAG_STAYS : undefined);
}

/** Two have written at the same time: that passes. */
function isAtOnce(status: number, text: string): boolean {
  const words =
    /concurren|in progress|(?:try|be) again|retry|being (?:updated|written)|\bupload|\block/i;
  return status === 409 && words.test(text);
}

/** What to do where a registry says, in whatever status, that it takes nothing now. */
export function readOnlyHint(text: string): string | undefined {
  return READ_ONLY_WORDS.test(text) ? READ_ONLY : undefined;
}
