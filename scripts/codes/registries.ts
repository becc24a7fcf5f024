import type { Texts } from "./explained.ts";

/** Talking to registries, pushing to one, and being one. */
export const registries = {
  AUTH_FAILED: {
    ends: "failed",
    means: "The token server of a registry gives no token.",
    advice:
      "Log in with `docker login` or `skopeo login`, or check user name and password for this registry.",
  },
  AUTH_REALM_REFUSED: {
    ends: ["refused", "failed"],
    means:
      "A registry names a token server of another domain, inside some network or without encryption, which gets no credentials by itself.",
    advice: "If that server is right, allow it with `--allow-token-host HOST`.",
  },
  AWS_CREDENTIALS_MISSING: {
    ends: "failed",
    means:
      "A private registry of ECR is used for which no login is known, and the AWS SDK finds no credentials to get one with.",
    advice:
      "Set `AWS_PROFILE`, or `AWS_ACCESS_KEY_ID` with `AWS_SECRET_ACCESS_KEY`, or log in to the registry with `dray login`.",
  },
  CERTIFICATES_INVALID: {
    ends: "usage",
    means:
      "A file that was named for its certificates has none in PEM, or one that cannot be read.",
    advice:
      "Name the right file, get a damaged one anew, or turn DER into PEM with `openssl x509 -inform der`.",
  },
  CREDENTIALS_HELPER: {
    ends: "failed",
    means: "A program that keeps credentials for docker or podman could not be asked.",
    advice:
      "Install the `docker-credential-…` program that the message names, or take it out of the configuration file and log in again.",
  },
  CREDENTIALS_INVALID: {
    ends: "usage",
    means: "A file with credentials cannot be read; what stands in it is not shown.",
    advice:
      "Log in again with `docker login`, `skopeo login` or `helm registry login`, or mend the file.",
  },
  ECR_REFUSED: {
    ends: "failed",
    means: "The API of ECR gives no login, or makes no repository; the message says what AWS says.",
    advice: "Ask for the right that the message names, or get new AWS credentials.",
  },
  MANIFEST_REWRITTEN: {
    ends: "failed",
    means:
      "The registry stores another manifest than it was sent: references by digest and signatures would break.",
    advice: "Turn off what converts or scans pushed images there, or push to another registry.",
  },
  MAPPING_INVALID: {
    ends: "usage",
    means: "The rules after `--map-file` are not as they have to be; the message names the places.",
    advice: "Write YAML such as `rules: [{from: docker.io/library, to: base}]`.",
  },
  MIRROR_BLOCKED: {
    ends: "refused",
    means: "The registries.conf that was named blocks the place that an image or chart comes from.",
    advice: "Leave it out with `--skip`, or ask whoever keeps that file.",
  },
  MIRROR_DIFFERS: {
    severity: "warning",
    means:
      "A tag stands for one digest at the mirror, which is packed, and for another where its name says.",
    advice:
      "If the mirror is behind, let it fetch the tag again. To pack the other one, name it by digest.",
  },
  MIRROR_INVALID: {
    ends: "usage",
    means: "A mirror of `--mirror` or `mirrors` cannot be used as it is written.",
    advice:
      "Write it as `docker.io=harbor.corp/dockerhub`, or `VENDOR/PATH=inside` where the real name stands behind.",
  },
  PLAN_INVALID: {
    ends: "usage",
    severity: ["warning", "info"],
    means:
      "Names at the target are not allowed there, or two different things would get one name. Nothing was sent. `verify` and `pack` foresee it for `--map drop-host`, which is the default (a warning), and for the others (a note); `pack --target` fails.",
    advice: "Try `--map keep-host`, a shorter prefix, or rules of your own with `--map-file`.",
  },
  LOGIN_EXPIRED: {
    ends: "failed",
    means:
      "The login was good before in this run, or is a token whose own date is past. File and helper have been asked again.",
    advice: "Log in again with `dray login HOST`, and run the same command: it goes on.",
  },
  LOGIN_MISSING: {
    ends: "failed",
    means:
      "The registry does this for nobody without a login, and none is known for it; or it wants one of a kind that dray does not speak (Negotiate, NTLM).",
    advice:
      "Log in with `dray login HOST`. What docker, podman, skopeo and helm have stored counts too.",
  },
  LOGIN_REFUSED: {
    ends: "failed",
    means: "The registry refuses user name and password, or the token that stands for them.",
    advice: "Log in again with `dray login HOST`.",
  },
  PATTERN_UNUSED: {
    ends: "usage",
    means: "A pattern of `--only` or `--exclude` matches nothing that the bundle holds.",
    advice: "Compare it with the names that the message proposes, or with those of `dray inspect`.",
  },
  PUSH_EMPTY: {
    ends: "usage",
    means:
      "The bundle holds files alone, and no registry takes those; or a recipe to be copied names nothing else.",
    advice: "Get them with `dray unpack BUNDLE DIR`.",
  },
  PUSH_INCOMPLETE: {
    ends: "partial",
    means:
      "Some artifacts could not be sent, checked or tagged, or had to wait for those; the others are there. The report and the receipt say of each what is wrong with it.",
    advice: "Do what stands beside each, then run the same command again: it brings the rest.",
  },
  RECEIPT_EMPTY: {
    severity: "error",
    means: "The receipt names nothing that was pushed, so that there is nothing to compare.",
    advice: "Its `error` says why the push ended. Push again, and audit the new receipt.",
  },
  RECEIPT_UNFINISHED: {
    severity: "warning",
    means:
      "The receipt is of a push that did not come to its end: what it did not get to may be missing.",
    advice: "Push again, and audit the new receipt.",
  },
  REGISTRY_ANSWER_TOO_LARGE: {
    ends: "refused",
    means:
      "A registry or chart repository answers with more than any such answer has, or has too many tags to choose from.",
    advice: "Name an exact version, or check that the address is that of a registry.",
  },
  REGISTRY_BUSY: {
    ends: "failed",
    means:
      "The registry limits how often it may be asked (status 429), and went on doing so after several tries.",
    advice:
      "Wait, log in, or ask less at a time with `--concurrency 1`. The same command goes on where it stopped.",
  },
  REGISTRIES_CONF_INVALID: {
    ends: "usage",
    means: "The file of `--registries-conf` is not as containers-registries.conf(5) has it.",
    advice: "Correct what the message names; files of version 1 have to be written anew.",
  },
  REGISTRY_DENIED: {
    ends: "failed",
    means: "The registry refuses the account (status 401 or 403), or there is none.",
    advice:
      "Log in with an account that may pull or push there; some registries want the project made first.",
  },
  REGISTRY_FAILED: {
    ends: "failed",
    means:
      "The registry answered with an error, or with something that the specification does not allow.",
    advice:
      "With status 413 a proxy limits the size of requests; with 500 and above the registry itself has a problem, and its log says which.",
  },
  REGISTRY_LOCATION: {
    ends: "refused",
    means:
      "The registry does not say where an upload goes on, or names an address that is refused: unencrypted, inside some network, or no web address.",
    advice:
      "Its external address is set up wrongly, most often behind a proxy: ask whoever runs it.",
  },
  REGISTRY_NOT_FOUND: {
    ends: ["refused", "failed"],
    means:
      "The registry has no such image, tag or repository, hides it from this account, or is no registry.",
    advice: "Check the spelling, the port, and whether the account may see it.",
  },
  REGISTRY_REDIRECT: {
    ends: "refused",
    means:
      "A server redirects to where nobody should follow: from https to http, to another scheme, or too often.",
    advice: "Name the address that it should lead to, or ask whoever runs the server.",
  },
  PROXY_INVALID: {
    ends: "usage",
    means: "A variable for a proxy holds something else than its address.",
    advice:
      "Write it as `http://HOST:PORT`, or unset it: `HTTPS_PROXY`, `HTTP_PROXY`, in capitals or not.",
  },
  REGISTRY_UNREACHABLE: {
    ends: "failed",
    means: "No answer came, or the connection broke: name, port, certificate, proxy or network.",
    advice:
      "Follow the hint; `--ca-file` names your own CA, `--plain-http` allows http. `--retry-for` waits longer. The same command goes on where it stopped.",
  },
  REGISTRY_UNSUPPORTED: {
    ends: "failed",
    means: "The registry says that it does not do what was asked.",
    advice:
      "Check whether it is read-only or a proxy for another registry, and update it if it is old.",
  },
  SERVER_UNAVAILABLE: {
    ends: "failed",
    means: "`dray serve` cannot listen at this address and port.",
    advice: "Choose another port, 0 for any that is free, or an address that this host has.",
  },
  SERVE_INVALID: {
    ends: "usage",
    means:
      "What should be served is missing, or cannot be served in this way: a bundle is read-only.",
    advice: "Name an image layout or a bundle, or serve an empty directory with `--writable`.",
  },
  REPOSITORY_MISSING: {
    ends: "failed",
    means: "The registry has no such repository, and makes none when something is pushed to it.",
    advice:
      "Make it there, or the project that it would be in. `dray push --list-repositories` names all that a bundle needs.",
  },
  TAG_CONFLICT: {
    ends: "refused",
    means: "Tags at the target stand for something else already. Nothing was sent.",
    advice: "Find out who uses them; `--overwrite` moves them.",
  },
  TARGET_FILE_INVALID: {
    ends: "usage",
    means: "The `target.yaml` is not as its schema wants it; the message names the places.",
    advice: "Compare it with `schema/target.schema.json`, which editors can check against.",
  },
  TARGET_FILE_UNNAMED: {
    ends: "usage",
    means:
      "The directory in which dray runs has a `target.yaml` that says whom to trust. It may have come with a bundle.",
    advice: "If it is yours, name it: `--target-file target.yaml`.",
  },
  TAG_MISSING: {
    severity: "error",
    means: "A tag that was pushed is gone from the registry.",
    advice: "Find out who removes tags there; a push of the bundle writes it again.",
  },
  TAG_MOVED: {
    severity: "error",
    means: "A tag stands for something else now than what was pushed.",
    advice:
      "Find out who has moved it. `dray push --overwrite` of the same bundle moves it back; what pins the digest is not affected.",
  },
  TARGET_DAMAGED: {
    ends: "refused",
    severity: "error",
    means:
      "The registry has something of what was pushed with another size or other bytes, and where it was sent again, it kept what it had.",
    advice:
      "Whoever runs the registry has to remove it there, and to look at its disk. A push of the bundle then sends it again.",
  },
  TARGET_MISSING: {
    severity: "error",
    means: "A manifest or blob that was pushed is gone from the registry.",
    advice:
      "Find out what cleans up there, such as a garbage collection or a retention rule. A push of the bundle sends it again.",
  },
  TARGET_INVALID: {
    ends: "usage",
    means: "The target of a push is not written as targets are.",
    advice: "Write `REGISTRY[:PORT][/PREFIX]`, such as `registry.example.com/mirror`.",
  },
  TLS_INVALID: {
    ends: "usage",
    means: "The certificate and key for `dray serve` are not in PEM, or do not belong together.",
    advice:
      "Give the certificate chain with `--tls-cert` and its private key with `--tls-key`, both in PEM.",
  },
} satisfies Partial<Texts>;
