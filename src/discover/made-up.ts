import { formatPath } from "../helm/values/path.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import type { Collector } from "./collector.ts";
import type { Evidence } from "./discovery.ts";
import { OPEN, PLACEHOLDER, type Switch } from "./switches.ts";

/** What a setting was filled with to try it. */
const FILLING = new RegExp(`${PLACEHOLDER}|(?<![a-zA-Z])(?:true|false)(?![^/:@._-])`, "g");

/** True for a name of which a part is what a setting was filled with: there is no such image. */
export function isMadeUp(image: string): boolean {
  return withOpenParts(image) !== image;
}

/** Says which settings complete a name that the chart begins and that was made up to try them. */
export function sayCompleted(
  reference: Reference,
  { class: kind, file, line }: Evidence,
  { switches, collector }: { readonly switches: readonly Switch[]; readonly collector: Collector },
): void {
  if (kind === "suspect" || isGivenWhole(reference)) return;
  const image = formatReference(reference);
  const settings = switches
    .filter((one) => fills(one, image.includes(PLACEHOLDER)))
    .map(({ path }) => formatPath(path));
  const said = `the chart does not say what completes the name ${withOpenParts(image)}: `;
  const isSaid = collector.unknowns.some(
    (one) => one.file === file && one.line === line && one.message.startsWith(said),
  );
  if (settings.length === 0 || isSaid) return;
  collector.unknown({
    code: "NOT_EXPLORED",
    needed: false,
    message: `${said}give your value of ${settings.join(" and ")}`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  });
}

/** A registry with its slash, which is empty where the images are taken from where they are. */
const IN_FRONT = new RegExp(`^${OPEN}[a-z0-9]`);

/** True if the installer gives the whole image, or only where it comes from. */
function isGivenWhole({ registry, repository, tag = "" }: Reference): boolean {
  const isShort = registry === "docker.io";
  if (isShort && IN_FRONT.test(withOpenParts(repository.replace(/^library\//, "")))) return true;
  const parts = repository.split("/").filter((part) => !isShort || part !== "library");
  // What stands in front and has no dot may be a registry too.
  const rest = isShort && withOpenParts(parts[0] ?? "") === OPEN ? parts.slice(1) : parts;
  return rest.length === 0 || !isMadeUp([...rest, tag].join("/"));
}

function fills({ source, value }: Switch, isText: boolean): boolean {
  if (source !== "values") return false;
  if (!isText) return typeof value === "boolean";
  return value === PLACEHOLDER || (typeof value === "object" && value !== null);
}

function withOpenParts(image: string): string {
  return image.replaceAll(FILLING, OPEN);
}
