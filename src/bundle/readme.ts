import { isTool, type ContentsDocument, type ListedFile } from "./format.ts";

/**
 * The note inside the bundle for somebody who has this file and nothing else. It depends on the
 * content alone, so that the same content gives the same sums whoever signs it.
 */
export function readmeText(manifest: ContentsDocument): string {
  const file = `${manifest.name}-${manifest.version}.tar.gz`;
  const image = manifest.artifacts.find(({ kind }) => kind === "image");
  const chart = manifest.artifacts.find(({ kind }) => kind === "chart");
  const parts = [intro(manifest), unpacking(file), checking()];
  if (image !== undefined) parts.push(pushingImages(file, image.reference));
  if (chart?.file !== undefined) parts.push(pushingCharts(chart.file));
  const tools = manifest.files.filter(({ path }) => isTool(path));
  if (tools.length > 0) parts.splice(1, 0, gettingTools(file, tools));
  return `${parts.join("\n\n")}\n`;
}

function intro({ name, version, artifacts, files }: ContentsDocument): string {
  const count = (kind: string): number => artifacts.filter((item) => item.kind === kind).length;
  return `${name} ${version}
${"=".repeat(name.length + version.length + 1)}

This is an OCI image layout with Helm charts beside it, in a plain tar.gz:
${count("image")} images, ${count("chart")} charts, ${count("artifact")} other artifacts, ${files.length} files.
bundle.json lists them. Everything below needs standard tools only; with
dray at hand, "dray verify" and "dray push" do all of it.`;
}

/** Who has no dray yet must be able to know that this one is the sender's before it is run. */
function gettingTools(file: string, tools: readonly ListedFile[]): string {
  const [{ path } = { path: "" }] = tools;
  const list = tools.map((tool) => `    ${tool.path}`).join("\n");
  return `Executables in it

${list}

Get one out and check it BEFORE it is run, with the sender's public key
(sender.pub), which must have come to you another way than this file:

    tar -xzf ${file} SHA256SUMS SHA256SUMS.sig ${path}
    openssl dgst -sha256 -verify sender.pub -signature SHA256SUMS.sig SHA256SUMS
    grep "  ${path}$" SHA256SUMS | sha256sum -c -

"Verified OK" and "${path}: OK" have to be said,
both. What says otherwise must not be run. (An Ed25519 key needs the other
form of openssl below.)`;
}

function unpacking(file: string): string {
  return `Unpack (do not use --strip-components)

    mkdir bundle && tar -xzf ${file} -C bundle && cd bundle`;
}

function checking(): string {
  return `Check

    sha256sum -c SHA256SUMS

proves that nothing is damaged, not who made it. For that, check the
signature over SHA256SUMS with the sender's public key (sender.pub), which
must have come to you another way than this file:

    openssl dgst -sha256 -verify sender.pub -signature SHA256SUMS.sig SHA256SUMS
    cosign verify-blob --key sender.pub --signature SHA256SUMS.sig \\
      --insecure-ignore-tlog SHA256SUMS

An Ed25519 key needs the other form of openssl:

    openssl pkeyutl -verify -pubin -inkey sender.pub -rawin \\
      -in SHA256SUMS -sigfile SHA256SUMS.sig

Without signature files the bundle is unsigned.`;
}

function pushingImages(file: string, reference: string): string {
  const target = reference.replace(/^[^/]+\//, "").replace(/@.*$/, "");
  return `Push images (each name is in index.json)

    skopeo copy --all \\
      oci:.:${reference} \\
      docker://REGISTRY/${target}

or without unpacking, from oci-archive:${file}:NAME. Older skopeo, such
as 1.9, reads no lists of Docker's types there; oras takes every form, by
the digest that index.json has for the name:

    oras cp -r --from-oci-layout .@DIGEST REGISTRY/${target}`;
}

function pushingCharts(file: string): string {
  return `Push charts

    helm push ${file} oci://REGISTRY/PREFIX`;
}
