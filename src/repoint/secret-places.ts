import { isTest, readManifests, type Manifest } from "../discover/manifests.ts";
import type { RenderedFile } from "../helm/render/render.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { lookUp } from "../helm/values/path.ts";
import { isCustomPod, serviceAccountIn } from "./custom-pods.ts";
import { lastingName } from "./spots.ts";

/** Where a secret for pulling can stand, or be handed on. */
export interface SecretPlace {
  /** The same in every rendering. */
  readonly key: string;
  /** Helm's name of the file that prints it. */
  readonly file: string;
  /** `Deployment/web` */
  readonly object: string;
  /** A pod of a workload, or whatever else names the secret. */
  readonly kind: "pod" | "other";
  /** Of a pod: what it runs under. */
  readonly account: string;
  /** That the object names itself. */
  readonly namespace: string | undefined;
  readonly hasSecret: boolean;
  readonly onlyTests: boolean;
}

/** Texts within one object; no object of Kubernetes has nearly as many. */
const MAX_NODES = 100_000;

/** Pods and whatever else names `secret` in what was printed. */
export function secretPlaces(
  files: readonly RenderedFile[],
  secret: string,
): ReadonlyMap<string, SecretPlace> {
  const all = files.map((file) => placesIn(file, secret));
  const accounts = new Set(all.flatMap((one) => one.accounts));
  const places = new Map<string, SecretPlace>();
  for (const { key, ...place } of all.flatMap((one) => one.places)) {
    const byAccount = place.kind === "pod" && accounts.has(`ServiceAccount/${place.account}`);
    places.set(key, { ...place, key, hasSecret: place.hasSecret || byAccount });
  }
  return places;
}

/** What one file says, whatever the others do. */
interface FilePlaces {
  readonly secret: string;
  readonly places: readonly SecretPlace[];
  /** Service accounts that have the secret. */
  readonly accounts: readonly string[];
}

/** By the file as it was printed: what prints the same again is not read again. */
const found = new WeakMap<RenderedFile, FilePlaces>();

function placesIn(file: RenderedFile, secret: string): FilePlaces {
  const known = found.get(file);
  if (known?.secret === secret) return known;
  const { manifests } = readManifests(file.text);
  const accounts = manifests.filter(
    ({ object }) => object.get("kind") === "ServiceAccount" && names(object, secret),
  );
  const places = {
    secret,
    places: manifests.flatMap((manifest) => placesOf(manifest, file.file.name, secret)),
    accounts: accounts.map(({ name }) => name),
  };
  found.set(file, places);
  return places;
}

function placesOf(
  { object, name, hooks }: Manifest,
  file: string,
  secret: string,
): FilePlaces["places"] {
  const places: SecretPlace[] = [];
  const pods = new Set<string>();
  const about = { file, object: name, namespace: namespaceOf(object), onlyTests: isTest(hooks) };
  const keyOf = (path: string): string => `${file}\n${lastingName(name)}\n${path}`;
  visit(object, (value, path) => {
    const isPod = value instanceof Map && isList(value.get("containers"));
    if (!isPod && (typeof value !== "string" || !isNamed(value, secret, path))) return;
    // A list that has it twice has it once.
    const place = { ...about, key: keyOf(listOf(path).join(".")), account: accountOf(value) };
    if (isPod) {
      pods.add(path.join("."));
      places.push({ ...place, kind: "pod", hasSecret: names(value, secret) });
    } else if (!isAccount(name) && !pods.has(listOf(path).slice(0, -1).join("."))) {
      places.push({ ...place, kind: "other", hasSecret: true });
    }
  });
  if (pods.size > 0 || !isCustomPod(object)) return places;
  const pod = { ...about, key: keyOf(""), kind: "pod", account: serviceAccountIn(object) } as const;
  return [...places, { ...pod, hasSecret: places.length > 0 }];
}

function namespaceOf(object: Dict): string | undefined {
  const namespace = lookUp(object, ["metadata", "namespace"]);
  return typeof namespace === "string" && namespace !== "" ? namespace : undefined;
}

function accountOf(pod: Value): string {
  const account = pod instanceof Map ? pod.get("serviceAccountName") : undefined;
  return typeof account === "string" && account !== "" ? account : "default";
}

/** The path of the list of secrets that `path` leads into, or `path` itself. */
function listOf(path: readonly string[]): readonly string[] {
  const at = path.indexOf("imagePullSecrets");
  return at === -1 ? path : path.slice(0, at + 1);
}

/** True if a text has the secret in it: no table that Go has printed, and no list in the place of a name. */
function isNamed(text: string, secret: string, path: readonly string[]): boolean {
  if (!text.includes(secret) || text.includes("map[")) return false;
  const at = path.indexOf("imagePullSecrets");
  return at === -1 || path.length - at <= 3;
}

/** What a service account has counts for the pods that run under it. */
function isAccount(object: string): boolean {
  return object.startsWith("ServiceAccount/");
}

/** True for a list of secrets, each a table with a name as Kubernetes wants it, that has this one. */
function names(table: Dict, secret: string): boolean {
  const list = table.get("imagePullSecrets");
  if (!isList(list)) return false;
  const all = list.map((one) => (one instanceof Map ? one.get("name") : undefined));
  return all.every((name) => typeof name === "string") && all.includes(secret);
}

function visit(top: Dict, see: (value: Value, path: readonly string[]) => void): void {
  let nodes = 0;
  const walk = (value: Value, path: readonly string[]): void => {
    if (++nodes > MAX_NODES) return;
    see(value, path);
    if (value instanceof Map) for (const [key, item] of value) walk(item, [...path, key]);
    else if (isList(value))
      for (const [at, item] of value.entries()) walk(item, [...path, String(at)]);
  };
  walk(top, []);
}
