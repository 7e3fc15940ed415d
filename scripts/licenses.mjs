// The licence texts of the packages that are bundled into dist/: their licences ask for it.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

function packageDirectories(inputs) {
  const found = new Set();
  for (const input of inputs) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) found.add(match[1]);
  }
  return [...found].sort((a, b) => (a < b ? -1 : 1));
}

async function licenseText(directory) {
  const names = await readdir(directory);
  const files = names.filter((name) => /^(licen[cs]e|copying|notice)([.-].*)?$/i.test(name)).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), "utf8")));
  return texts.map((text) => text.trim()).join("\n\n");
}

/**
 * One text with name, version, licence and licence text of every package among `inputs` (paths as esbuild's
 * metafile gives them, relative to `root`).
 */
export async function thirdPartyLicenses(root, inputs) {
  const sections = [];
  for (const directory of packageDirectories(inputs)) {
    const about = JSON.parse(await readFile(join(root, directory, "package.json"), "utf8"));
    const text = await licenseText(join(root, directory));
    sections.push(
      `${about.name} ${about.version} (${about.license})\n\n${text || "No licence file in the package."}`,
    );
  }
  const rule = `\n\n${"-".repeat(78)}\n\n`;
  return `Vedette's bundles contain code of these packages.${rule}${sections.join(rule)}\n`;
}
