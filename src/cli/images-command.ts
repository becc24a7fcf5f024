import { Option } from "commander";
import type { ImagesReport, ValueSet } from "../index.ts";
import {
  addDiscoveryFlags,
  discoverySettings,
  readSets,
  releaseOf,
  type DiscoveryFlags,
} from "./discovery-flags.ts";
import { formatProblems } from "./findings.ts";
import { addExamples, addStoreFlag, chartRootFlag, readImageList } from "./flags.ts";
import {
  formatImageList,
  formatMissing,
  renderDifference,
  renderImages,
  renderWhy,
  verdictOn,
} from "./images-report.ts";
import { addMirrorFlags, readMirrors, type MirrorFlags } from "./mirror-flags.ts";
import { registriesOf } from "./pack-recipe.ts";
import {
  addRegistryFlags,
  chartAccess,
  requireOneRegistry,
  type RegistryFlags,
} from "./registry-flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { paragraphs } from "./table.ts";

interface ImagesFlags extends SessionFlags, DiscoveryFlags, RegistryFlags, MirrorFlags {
  readonly store?: string;
  readonly chartRoot?: string;
  readonly list?: boolean;
  readonly why?: string;
  readonly check?: string;
  readonly allowIncomplete?: boolean;
  readonly probe?: boolean;
}

export const addImagesCommand: AddCommand = (program, start) => {
  const command = program
    .command("images")
    .summary("find the images that charts need, and say why")
    .description(
      "Reads charts and finds every image in them: `needed` with these values, needed by a `hook`, " +
        "`optional` with other values, or `suspect`: it looks like one. Says of each why, and says " +
        "what reading a chart cannot tell. Asks no cluster, and without --probe no registry of images. " +
        "A list that is `Not complete` ends with 0 too: it is shown, not judged. --check then ends with 3.",
    )
    .argument(
      "<chart...>",
      "files, directories, oci://registry/path/chart[:range] or https://repository#chart[:range]",
    )
    .addOption(new Option("--list", "print a list for --image-list").conflicts(["why", "check"]))
    .addOption(
      new Option("--why <image>", "print every place that speaks of an image").conflicts("check"),
    )
    .option("--check <list>", "compare with a list of images; exit code 3 if it lacks a needed one")
    .option("--probe", "ask registries whether suspects are there")
    .option("--allow-incomplete", "take a comparison that may have missed a needed image");
  command.addOption(chartRootFlag());
  const sets = addDiscoveryFlags(command);
  addStoreFlag(command);
  addMirrorFlags(addRegistryFlags(command));
  addOutputFlags(command);
  addExamples(command, [
    "dray images ./app-1.2.0.tgz --values prod.yaml",
    "dray images ./app-1.2.0.tgz --values prod.yaml --or --values staging.yaml --list > images.txt",
    "dray images ./app-1.2.0.tgz --why postgres",
    "dray images ./app-1.2.0.tgz --probe",
    "dray images ./app-1.2.0.tgz --check vendor-images.txt",
  ]);
  command.action(async (charts: string[], flags: ImagesFlags) => {
    const session = await start(flags);
    const report = await findImages({ charts, sets }, flags, session);
    show(flags.why === undefined ? report : await onlyNamed(report, flags.why), flags, session);
  });
};

async function findImages(
  { charts, sets }: { charts: readonly string[]; sets: readonly ValueSet[] },
  flags: ImagesFlags,
  session: Session,
): Promise<ImagesReport> {
  const { run, defaults } = session;
  const { images, parseChart } = await import("../index.ts");
  const { check } = flags;
  const listed = check === undefined ? undefined : await readImageList(check);
  const valueSets = await readSets(sets, flags, session);
  const requests = charts.map((chart) => parseChart(chart));
  const mirrors = await readMirrors(flags);
  const registries = await registriesOf({ charts: requests, mirrors });
  await requireOneRegistry(registries, flags);
  return images(
    {
      charts: requests,
      valueSets,
      list: listed?.map(({ reference }) => reference),
      probe: flags.probe,
      chartRoot: flags.chartRoot,
      mirrors,
      store: flags.store ?? defaults.store,
      created: defaults.created,
      discovery: { ...(await discoverySettings(flags, session)), ...releaseOf(flags) },
      ...(await chartAccess(flags, session, registries)),
    },
    run,
  );
}

/** The report with the images alone that have `name` in theirs. */
async function onlyNamed(report: ImagesReport, name: string): Promise<ImagesReport> {
  const images = report.images.filter(({ image }) => image.includes(name));
  if (images.length > 0) return { ...report, images };
  const { DrayError } = await import("../index.ts");
  throw new DrayError(
    "DRAY_IMAGE_NOT_FOUND",
    `Cannot say why: no image here has ${JSON.stringify(name)} in its name`,
    { kind: "usage", hint: "Without --why, all images are listed." },
  );
}

function show(report: ImagesReport, flags: ImagesFlags, { print, refuse }: Session): void {
  const { difference, complete } = report;
  print(report, () => render(report, flags), warningsFor(report, flags));
  if (difference === undefined) return;
  const isUnsure = !complete && flags.allowIncomplete !== true;
  if (difference.missing.length === 0 && !isUnsure) return;
  refuse(paragraphs([formatMissing(difference), verdictOn(difference, report)]));
}

function render(report: ImagesReport, flags: ImagesFlags): string {
  const { difference } = report;
  if (flags.list === true) return formatImageList(report);
  if (flags.why !== undefined) return renderWhy(report);
  if (difference !== undefined) return renderDifference(report, difference);
  return renderImages(report, flags);
}

function warningsFor({ charts, complete }: ImagesReport, flags: ImagesFlags): string {
  // A list has its warnings in comments, which travel with it.
  if (flags.list !== true) return formatProblems(charts.flatMap(({ findings }) => findings));
  return complete ? "" : "Warning: the list may lack needed images; it says why at its head.\n";
}
