#!/usr/bin/env node

// A Node.js that is too old has to get as far as the answer, so this file is written for version 12:
// it imports nothing before it has asked, and no syntax of what came later stands in it.

/** As `engines` of package.json says. */
const OLDEST = "20.18.1";

function isOlder(version: string): boolean {
  const found = version.split(".").map(Number);
  const wanted = OLDEST.split(".").map(Number);
  const place = wanted.findIndex((part, index) => part !== found[index]);
  return place !== -1 && Number(found[place]) < Number(wanted[place]);
}

if (isOlder(process.versions.node)) {
  process.stderr.write(
    `dray: Start dray: expected Node.js ${OLDEST} or newer, found ${process.versions.node} at "${process.execPath}"\n\n` +
      `hint: Name a newer one: /path/to/node "${process.argv[1]}" … Where there is none, use the executable of dray that has Node.js inside (docs/installing.md).\n`,
  );
  process.exitCode = 2;
} else {
  void import("./main.ts");
}
