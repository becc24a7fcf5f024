import { DrayError } from "../../errors.ts";
import { strangerIn } from "../../oci/stranger.ts";
import { parseImage, type ImageRequest } from "./recipe.ts";

/**
 * Reads a list of images: one reference a line, with or without `docker://`, blank lines and
 * comments left out.
 *
 * @throws DrayError `DRAY_IMAGE_LIST_INVALID`, naming every line that is wrong
 */
export function parseImageList(text: string, path: string): ImageRequest[] {
  const images: ImageRequest[] = [];
  const problems: string[] = [];
  const plain = text.replace(/^\uFEFF/, "");
  const stranger = strangerIn(plain);
  if (stranger !== undefined) throw invalid(path, `found ${stranger.name}`, stranger.hint);
  for (const [index, line] of plain.split(/\r?\n/).entries()) {
    const reference = line.replace(/(?:^|\s)#.*$/, "").trim();
    if (reference === "") continue;
    try {
      images.push({ reference: parseImage(reference) });
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      problems.push(`line ${index + 1}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw invalid(path, problems.join("\n  "));
  if (images.length === 0) throw invalid(path, "there is no image in it");
  return images;
}

function invalid(
  path: string,
  reason: string,
  hint = "Write one image a line, such as docker.io/library/alpine:3.20.",
): DrayError {
  return new DrayError(
    "DRAY_IMAGE_LIST_INVALID",
    `Cannot read image list ${JSON.stringify(path)}: ${reason}`,
    { kind: "usage", hint },
  );
}
