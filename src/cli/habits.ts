/** What does here what a flag of docker, skopeo, crane, oras, regctl or helm does there. */
const POINTERS: readonly (readonly [flags: RegExp, here: string])[] = [
  [
    /^(?:-p|--(?:(?:from-|to-)?password|creds|(?:src|dest)-creds|(?:src-|dest-)?registry-token))$/,
    "A password on the command line stands in lists of processes and in histories: --username NAME --password-stdin takes it from standard input, and `dray login HOST` keeps it as docker does.",
  ],
  [
    /^-u$/,
    "--username NAME --password-stdin takes a login from standard input, and `dray login HOST` keeps it as docker does.",
  ],
  [/^--(?:authfile|registry-config)$/, "Point DOCKER_CONFIG at the folder of a config.json."],
  [
    /^(?:-k|--(?:(?:from-|to-)?insecure|(?:src-|dest-)?tls-verify|insecure-skip-verify|tls))$/,
    "--ca-file FILE trusts the registry's own authority, --plain-http speaks without encryption, and --insecure-skip-tls-verify checks no certificate.",
  ],
  [
    /^(?:-a|--(?:all|all-platforms|multi-arch))$/,
    "Every platform of an image travels unless --platform chooses some.",
  ],
  [
    /^--all-tags$/,
    "All of a bundle is pushed, and tags are packed that are named: in a recipe, or with --image.",
  ],
  [
    /^--format$/,
    "--json prints one document for programs. No image is converted: digests stay as they are.",
  ],
  [
    /^--(?:dest-compress.*|preserve-digests)$/,
    "Nothing is compressed or converted anew: digests stay as they are.",
  ],
  [/^--(?:no-verify|skip-verify)$/, "--allow-unsigned takes what nobody has signed."],
  [
    /^(?:-r|--(?:recursive|include-referrers|referrers))$/,
    "Signatures, attestations and SBOMs travel by themselves; `referrers:` of the recipe says which.",
  ],
  [/^--(?:log-level|debug)$/, "-v says more, -q less, --json all of it for programs."],
];

/** The same, where a flag means something else to a command than to all others. */
const OF_COMMANDS: Readonly<Record<string, string>> = {
  "serve -p": "--port NUMBER is where it listens.",
  "images --chart": "Charts stand behind the command: `dray images CHART`.",
};

/** Where to look for what another tool's flag does, undefined for a flag of nobody. */
export function pointerFor(flag: string, command: string | undefined): string | undefined {
  const own = OF_COMMANDS[`${command ?? ""} ${flag}`];
  return own ?? POINTERS.find(([flags]) => flags.test(flag))?.[1];
}
