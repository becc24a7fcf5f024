export type EnvironmentEntry = readonly [variables: readonly string[], meaning: string];

/** Every variable of the environment that dray reads, and what it says. */
export const ENVIRONMENT: readonly EnvironmentEntry[] = [
  [["DRAY_STORE"], "the content store, `--store`"],
  [["DRAY_WORK_DIR"], "private scratch space, `--work-dir`"],
  [["DRAY_TRUST_DIR"], "the folder of trusted public keys"],
  [["DRAY_TARGET_FILE"], "the target file, `--target-file`"],
  [["DRAY_KEY_PASSPHRASE"], "the passphrase of the private key"],
  [
    ["DRAY_REGISTRY", "DRAY_USERNAME", "DRAY_PASSWORD"],
    "a login for one registry, all three together",
  ],
  [["REGISTRY_AUTH_FILE", "DOCKER_CONFIG"], "where logins are read, and kept by `dray login`"],
  [["XDG_RUNTIME_DIR"], "its `containers/auth.json` is read for logins"],
  [
    ["HELM_CONFIG_HOME", "HELM_REPOSITORY_CONFIG"],
    "Helm's logins and the repositories that it knows by name",
  ],
  [
    ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"],
    "certificates instead of the system's, and beside them",
  ],
  [
    ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"],
    "the way out, in lower case too; `ALL_PROXY` where the one before is not set",
  ],
  [
    ["AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL"],
    "another API of ECR; what else the AWS SDK reads, it reads too: `AWS_PROFILE`, keys",
  ],
  [["SOURCE_DATE_EPOCH"], "the time that a bundle is dated with, else the beginning of 1970"],
  [
    ["HOME", "XDG_CONFIG_HOME", "APPDATA"],
    "where trusted keys, logins and Helm's files are by default; empty or relative counts as unset",
  ],
  [
    ["XDG_STATE_HOME"],
    "where `push` and `copy` keep how far uploads of large blobs have come, in `dray/uploads`, else `.local/state` at home",
  ],
  [
    ["XDG_CACHE_HOME", "LOCALAPPDATA"],
    "where Node.js 22.1 and newer keeps what it compiles of dray, in `dray/compiled` (of the newest four versions of either), else `.cache` or `Library/Caches` at home; `NODE_DISABLE_COMPILE_CACHE=1` keeps nothing",
  ],
  [["PATH"], "where credential helpers are looked for"],
  [
    ["TERM", "WINDIR"],
    "`dumb`, or none outside of Windows: plain lines and no colors, for a terminal that cannot do more",
  ],
  [
    ["NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"],
    "no colored words, or colored ones in files and pipes too; `--color` counts more",
  ],
];
